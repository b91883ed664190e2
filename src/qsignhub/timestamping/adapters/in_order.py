"""Several timestamp authorities, asked in their order until one gives a timestamp that holds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from qsignhub.foundation.availability import Availability
from qsignhub.foundation.clock import Clock, iso
from qsignhub.timestamping.errors import (
    TimestampError,
    TimestampRefused,
    TimestampRejected,
    TimestampTimeImplausible,
    TimestampUnavailable,
)
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.ports import TimestampAuthority
from qsignhub.timestamping.request import build_request

logger = logging.getLogger(__name__)

_TOLERATED = 1
# a time that cannot be right is some clock's matter, the authority's or ours, and clocks are put right
_WORTH_WAITING_FOR = (TimestampUnavailable, TimestampTimeImplausible)


@dataclass(slots=True)
class _Member:
    authority: TimestampAuthority
    availability: Availability
    failure: TimestampError | None = field(default=None)
    """Why it gave no timestamp the last time; None where it did."""


class AuthoritiesInOrder:
    """One authority to the caller: the first of ``authorities`` that answers as it must.

    One that is down, slow, answers garbage or a timestamp that a check refuses is passed over. After its
    second failure in a row it rests (5 seconds, then twice as long each time, 5 minutes at the most) and
    is asked again by itself. What an authority rejects goes to the next one and counts as no failure: it
    answers. While all rest, the one that is due first is asked all the same: a rest spares time where
    there is another to go to.
    """

    def __init__(self, authorities: Sequence[TimestampAuthority], *, clock: Clock) -> None:
        if not authorities:
            raise ValueError("there is no timestamp authority to ask")
        self._members = tuple(
            _Member(authority, Availability(clock, tolerated=_TOLERATED)) for authority in authorities
        )

    @property
    def name(self) -> str:
        """The name of the one that is asked first now."""
        return self._due()[0].authority.name

    async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
        """As the port says. Where none gives a timestamp the error names each with its reason.

        That is TimestampUnavailable where waiting may help any of them; TimestampRejected where all
        reject the request; else TimestampRefused.
        """
        build_request(imprint, hash_algorithm)  # raises what is the caller's fault, and no authority's
        for member in self._due():
            try:
                token = await member.authority.timestamp(imprint, hash_algorithm)
            except TimestampRejected as rejected:
                self._pass_over(member, rejected)
            except TimestampError as failure:
                member.availability.failed()
                self._pass_over(member, failure)
            else:
                member.availability.worked()
                member.failure = None
                return token
        raise self._none()

    async def ping(self) -> None:
        """Returns when one of them can be reached."""
        failures = []
        for member in self._members:
            try:
                await member.authority.ping()
            except TimestampUnavailable as failure:
                failures.append(f"{member.authority.name}: {failure.message}")
            else:
                return
        raise TimestampUnavailable("No timestamp authority can be reached. " + " | ".join(failures))

    def _due(self) -> Sequence[_Member]:
        due = [member for member in self._members if member.availability.is_due()]
        if due:
            return due
        resting = [
            (until, number)
            for number, member in enumerate(self._members)
            if (until := member.availability.rests_until) is not None
        ]
        # a rest may have ended between the two looks: then the first one is as good as any
        return [self._members[min(resting)[1] if resting else 0]]

    def _pass_over(self, member: _Member, failure: TimestampError) -> None:
        member.failure = failure
        until = member.availability.rests_until
        logger.warning(
            "the timestamp authority %s is passed over%s: %s: %s",
            member.authority.name,
            f" and rests until {iso(until)}" if until else "",
            failure.code,
            failure.message,
        )

    def _none(self) -> TimestampError:
        failures = [(member, member.failure) for member in self._members if member.failure is not None]
        reasons = " | ".join(_told(member, failure) for member, failure in failures)
        said = f"No timestamp authority gave a timestamp that holds. {reasons}"
        if any(isinstance(failure, _WORTH_WAITING_FOR) for _, failure in failures):
            return TimestampUnavailable(said)
        if all(isinstance(failure, TimestampRejected) for _, failure in failures):
            return TimestampRejected(said)
        return TimestampRefused(said)


def _told(member: _Member, failure: TimestampError) -> str:
    until = member.availability.rests_until
    resting = f" (rests until {iso(until)})" if until else ""
    return f"{member.authority.name}: {failure.message} [{failure.code}]{resting}"
