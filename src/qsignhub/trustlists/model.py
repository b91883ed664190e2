"""A trusted list as it is read (ETSI TS 119 612). Times are aware, in UTC; certificates are DER."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Assertion: TypeAlias = Literal["all", "atLeastOne", "none"]


@dataclass(frozen=True, slots=True)
class Criteria:
    """A CriteriaList (clause 5.5.9.2.2): which certificates a qualifier is about."""

    assertion: Assertion
    key_usages: tuple[tuple[tuple[str, bool], ...], ...] = ()
    """Each a set of key usage bits (``nonRepudiation``, …) with the value that they must have."""
    policy_sets: tuple[frozenset[str], ...] = ()
    """Each a set of certificate policies (dotted) that must all be there."""
    extended_key_usages: tuple[frozenset[str], ...] = ()
    subject_attributes: tuple[frozenset[str], ...] = ()
    nested: tuple[Criteria, ...] = ()
    unknown: int = 0
    """How many criteria there are of a kind that is not known here."""


@dataclass(frozen=True, slots=True)
class Qualification:
    """Qualifiers (URIs) that hold for the certificates that meet the criteria."""

    qualifiers: frozenset[str]
    criteria: Criteria


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What a service was, from ``since`` until the next newer state."""

    type: str
    status: str
    since: datetime
    additional_informations: frozenset[str] = frozenset()
    qualifications: tuple[Qualification, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A trust service: what it is now, and its history, newest first."""

    name: str
    provider: str
    certificates: tuple[bytes, ...]
    current: ServiceState
    history: tuple[ServiceState, ...] = ()

    def state_at(self, moment: datetime) -> ServiceState | None:
        """Nothing where the service was not listed yet."""
        past = [state for state in (self.current, *self.history) if state.since <= moment]
        return max(past, key=lambda state: state.since, default=None)


@dataclass(frozen=True, slots=True)
class TrustedList:
    """``next_update`` is None for a closed list, that is followed by no other (clause 5.3.15)."""

    version: int
    territory: str
    operator: str
    sequence_number: int
    issued_at: datetime
    next_update: datetime | None
    services: tuple[Service, ...]
