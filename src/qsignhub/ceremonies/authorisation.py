"""What a trust service wants from the signer, asked for on the page and handed on sealed, once."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.ceremonies.errors import OtpTooSoon, SignerSecretMissing, TrustServiceNotConfigured
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import Demand, TrustService, signatory_of
from qsignhub.custody.ports import OnceOnly
from qsignhub.custody.signer_secrets import SignerCredentials
from qsignhub.foundation.clock import Clock
from qsignhub.signature_requests.model import SignatureRequest, Signer

_MOST_CHARACTERS = 128
_OTP = "ceremonies.otp-sent"
_OTP_PAUSE_SECONDS, _MOST_OTPS = 30, 20
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
    def __init__(self, trust: TrustServices, once: OnceOnly, clock: Clock) -> None:
        self._trust = trust
        self._once = once
        self._clock = clock

    async def offer(self, request: SignatureRequest, signer: Signer) -> Offer:
        """Asks the trust services, so not within a transaction.

        Raises TrustServiceUnavailable, and a Refused where no service can sign for this person.
        """
        service, demand = await self._trust.offer(request.scope, request.signature_type, signatory_of(signer))
        return Offer(service.name, demand)

    async def begin(
        self, request: SignatureRequest, signer: Signer, offer: Offer, entered: Entered
    ) -> TrustService:
        """The service that the signature is made with from now on; what the signer entered is on its way.

        Raises SignerSecretMissing, and TrustServiceNotConfigured where the offer is none.
        """
        country = signer.identity_country
        if not self._trust.may_sign(request.scope, request.signature_type, country, offer.service):
            raise TrustServiceNotConfigured("This trust service is not for such signatures.")
        service, demand = self._trust.named(request.scope.mode, offer.service), offer.demand
        if demand.nothing or demand.confirmation:
            return service
        pin = _given("pin", entered.pin) if demand.pin else None
        otp = _given("otp", entered.otp) if demand.otp != "none" else None
        if service.secrets is None:
            raise ValueError(f"{service.name} wants secrets and has no place for them")
        await service.secrets.keep(signer.id, SignerCredentials(pin, otp))
        return service

    async def send_otp(self, request: SignatureRequest, signer: Signer) -> None:
        """Has the service send the signer a one-time password; asks it, so not within a transaction.

        Raises OtpTooSoon: one in half a minute, twenty in all.
        """
        service, demand = await self._trust.offer(request.scope, request.signature_type, signatory_of(signer))
        if demand.otp != "online":
            return
        sent = await self._once.names(_OTP, f"{signer.id}/")
        slot = int(self._clock.now().timestamp() // _OTP_PAUSE_SECONDS)
        if len(sent) >= _MOST_OTPS or not await self._once.claim(_OTP, f"{signer.id}/{slot}", b""):
            raise OtpTooSoon("A one-time password was sent a moment ago; wait half a minute for another one.")
        certificates = service.certificates_for(request.signature_type)
        await certificates.send_otp(signatory_of(signer))


def _given(field: str, value: str | None) -> str:
    value = (value or "").strip()
    if not value or len(value) > _MOST_CHARACTERS:
        raise SignerSecretMissing(f"Enter your {_NAMES[field]}.", field=field)
    return value
