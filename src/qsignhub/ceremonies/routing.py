"""Which trust service signs what, for whom: several at once, in the operator's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qsignhub.ceremonies.errors import (
    TrustServiceGone,
    TrustServiceNotConfigured,
    TrustServiceUnavailable,
)
from qsignhub.ceremonies.trust import Demand, Signatory, TrustService
from qsignhub.foundation.availability import Availability
from qsignhub.foundation.errors import Refused, Unavailable
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.signature_requests.model import SignatureType


@dataclass(frozen=True, slots=True)
class Route:
    """What a trust service is used for; an empty set stands for all."""

    service: TrustService
    availability: Availability
    signature_types: frozenset[SignatureType] = frozenset()
    countries: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()

    def leads(self, scope: Scope, signature_type: SignatureType, country: str | None) -> bool:
        return (
            (signature_type != "ses" or self.service.seals is not None)
            and (not self.signature_types or signature_type in self.signature_types)
            and (not self.countries or country in self.countries)
            and (not self.accounts or scope.account_id in self.accounts)
        )


class TrustServices:
    def __init__(self, routes: Mapping[Mode, Sequence[Route]]) -> None:
        """By world; live never falls back to the sandbox, and one service never stands in for another
        once the signer has agreed to it.
        """
        self._routes = routes

    def all_of(self, mode: Mode) -> Sequence[TrustService]:
        return [route.service for route in self._routes.get(mode, ())]

    def check(
        self, scope: Scope, signature_type: SignatureType, countries: Iterable[str | None]
    ) -> Sequence[TrustService]:
        """For each signer's country the service that would come first, up or down.

        Raises TrustServiceNotConfigured.
        """
        return [self._routes_of(scope, signature_type, country)[0].service for country in countries]

    async def offer(
        self, scope: Scope, signature_type: SignatureType, who: Signatory
    ) -> tuple[TrustService, Demand]:
        """The first that is up and can sign for this person, and what it wants from them.

        Asks the services themselves: not for within a transaction. One that does not answer is left out for
        a while and comes back; one that does not know the person leaves them to the next. While all rest,
        they are asked all the same. Raises TrustServiceNotConfigured; TrustServiceUnavailable where none
        of those that could is up; else the Refused of the last.
        """
        routes = self._routes_of(scope, signature_type, who.country)
        due = [route for route in routes if route.availability.is_due()] or routes
        refusal: Refused | None = None
        for route in due:
            try:
                demand = await route.service.certificates_for(signature_type).demand(who)
            except Unavailable:
                route.availability.failed()
            except Refused as unknown:
                route.availability.worked()
                refusal = unknown
            else:
                route.availability.worked()
                return route.service, demand
        if refusal is not None:
            raise refusal
        names = ", ".join(route.service.name for route in routes)
        raise TrustServiceUnavailable(f"No trust service for this signature answers now ({names}).")

    def may_sign(self, scope: Scope, signature_type: SignatureType, country: str | None, name: str) -> bool:
        """Whether a service is one of those that such a signature may be made with."""
        return any(route.service.name == name for route in self._routes_of(scope, signature_type, country))

    def named(self, mode: Mode, name: str) -> TrustService:
        """The service that a signing was begun with. Raises TrustServiceGone where it is no longer there:
        the signature waits for it, and goes to no other.
        """
        for service in self.all_of(mode):
            if service.name == name:
                return service
        raise TrustServiceGone(f"The trust service {name} is not configured any more.")

    def _routes_of(self, scope: Scope, signature_type: SignatureType, country: str | None) -> Sequence[Route]:
        everything = self._routes.get(scope.mode, ())
        if not everything:
            raise TrustServiceNotConfigured(
                f"No trust service is configured for {scope.mode} signatures; "
                "use a test key to try things out."
            )
        routes = [route for route in everything if route.leads(scope, signature_type, country)]
        if not routes:
            where = f" from {country}" if country else ""
            why = " A simple signature is made with a seal, which has to be configured." * (
                signature_type == "ses"
            )
            raise TrustServiceNotConfigured(
                f"No trust service is configured for {scope.mode} signatures of type {signature_type} "
                f"by signers{where}.{why}"
            )
        return routes
