"""A remote QTSP: the key and the certificate are the signer's own, and stay there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.ceremonies.trust import Confirmation, Demand, Signatory, SigningKey, TrustedListFindings
from qsignhub.custody.csc.credentials import Credential, RemoteCredentials
from qsignhub.custody.csc.errors import CredentialNotFound
from qsignhub.custody.ports import Custody
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.revocation.paths import path_of
from qsignhub.signature_requests.model import SignatureType

_REMEMBERED = timedelta(minutes=2)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Found:
    credential: Credential
    until: datetime


class RemoteCertificates:
    """``user_of`` tells by what the service knows a person; ``anchors`` where its certificates end.

    A credential that was found is remembered for two minutes, so that a page and the form on it ask once.
    """

    one_time = False

    def __init__(
        self,
        service: str,
        credentials: RemoteCredentials,
        anchors: tuple[bytes, ...],
        *,
        user_of: Callable[[Signatory], str | None],
        custody: Custody,
        clock: Clock,
    ) -> None:
        self._service = service
        self._credentials = credentials
        self._anchors = anchors
        self._user_of = user_of
        self._custody = custody
        self._clock = clock
        self._found: OrderedDict[str, _Found] = OrderedDict()

    async def certify(
        self,
        tx: Transaction,  # noqa: ARG002  # the port's
        reference: str,  # noqa: ARG002  # the key is the signer's, not this signature's
        who: Signatory,
        signature_type: SignatureType,  # noqa: ARG002  # what it comes to is for the trusted lists to say
    ) -> SigningKey:
        credential = await self._find(who, afresh=True)
        path = path_of(credential.certificate, credential.chain, self._anchors)
        return SigningKey(
            f"{self._service}:{credential.id}", credential.certificate, path[1:], credential.algorithm
        )

    async def demand(self, who: Signatory) -> Demand:
        wanted = (await self._find(who)).demands
        if wanted.mode == "oauth2code":
            return Demand(confirmation=True)
        return Demand(pin=wanted.pin, otp=wanted.otp)

    async def would_be_qualified(self, who: Signatory, trusted_lists: TrustedListFindings) -> bool:
        credential = await self._find(who)
        return trusted_lists.is_qualified(credential.certificate, credential.chain, self._clock.now())

    async def send_otp(self, who: Signatory) -> None:
        await self._credentials.send_otp(await self._find(who))

    async def confirmation(
        self, who: Signatory, message: bytes, *, redirect_uri: str, state: str
    ) -> Confirmation:
        consent = await self._credentials.consent(
            await self._find(who), message, redirect_uri=redirect_uri, state=state
        )
        return Confirmation(consent.url, consent.code_verifier)

    async def issued_at(self, tx: Transaction, key_id: str) -> datetime | None:  # noqa: ARG002  # the port's
        """The certificate was there before."""
        return None

    async def dispose(self, key_id: str) -> None:
        """The key is the signer's own."""

    async def ping(self) -> None:
        await self._custody.ping()

    async def _find(self, who: Signatory, *, afresh: bool = False) -> Credential:
        """Raises CredentialNotFound, CredentialUnusable, and what asking the service raises."""
        user, now = self._user_of(who), self._clock.now()
        if user is None:
            raise CredentialNotFound("The service knows its signers by something that this request lacks.")
        found = self._found.get(user)
        if afresh or found is None or found.until <= now:
            found = self._found[user] = _Found(await self._credentials.find(user), now + _REMEMBERED)
        self._found.move_to_end(user)
        while len(self._found) > _MOST:
            self._found.popitem(last=False)
        return found.credential
