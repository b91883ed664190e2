"""What a trust service wants from the signer, asked for on the page and handed on sealed, once."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.ceremonies.errors import SignerSecretMissing
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import Demand, TrustService, signatory_of
from qsignhub.custody.signer_secrets import SignerCredentials
from qsignhub.signature_requests.model import SignatureRequest, Signer

_MOST_CHARACTERS = 128
_NAMES = {"pin": "PIN", "otp": "one-time password"}


@dataclass(frozen=True, slots=True)
class Offer:
    """The trust service that would sign for this signer now, and what it wants."""

    service: str
    demand: Demand


@dataclass(frozen=True, slots=True)
class Entered:
    """What the signer typed; never on record, never in a log."""

    pin: str | None = None
    otp: str | None = None

    def __repr__(self) -> str:
        return "Entered(...)"


NOTHING_ENTERED = Entered()


class Authorisations:
    def __init__(self, trust: TrustServices) -> None:
        self._trust = trust

    async def offer(self, request: SignatureRequest, signer: Signer) -> Offer:
        """Raises TrustServiceUnavailable, and a Refused where the service cannot sign for this person."""
        service = await self._choose(request, signer)
        return Offer(service.name, await service.certificates.demand(signatory_of(signer)))

    async def begin(self, request: SignatureRequest, signer: Signer, entered: Entered) -> TrustService:
        """The service that the signature is made with from now on; what the signer entered is on its way.

        Raises SignerSecretMissing, and what ``offer`` raises.
        """
        service = await self._choose(request, signer)
        demand = await service.certificates.demand(signatory_of(signer))
        if demand.nothing or demand.confirmation:
            return service
        pin = _given("pin", entered.pin) if demand.pin else None
        otp = _given("otp", entered.otp) if demand.otp != "none" else None
        if service.secrets is None:
            raise ValueError(f"{service.name} wants secrets and has no place for them")
        await service.secrets.keep(signer.id, SignerCredentials(pin, otp))
        return service

    async def send_otp(self, request: SignatureRequest, signer: Signer) -> None:
        """Has the service send the signer a one-time password."""
        service = await self._choose(request, signer)
        await service.certificates.send_otp(signatory_of(signer))

    async def _choose(self, request: SignatureRequest, signer: Signer) -> TrustService:
        return await self._trust.choose(request.scope, request.signature_type, signer.identity_country)


def _given(field: str, value: str | None) -> str:
    value = (value or "").strip()
    if not value or len(value) > _MOST_CHARACTERS:
        raise SignerSecretMissing(f"Enter your {_NAMES[field]}.", field=field)
    return value
