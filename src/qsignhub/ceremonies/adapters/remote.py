"""A remote QTSP: the key and the certificate are the signer's own, and stay there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.ceremonies.evidence import validity_of
from qsignhub.ceremonies.trust import Confirmation, Demand, Signatory, SigningKey, TrustedListFindings
from qsignhub.custody.csc.credentials import Credential, RemoteCredentials
from qsignhub.custody.csc.errors import CredentialNotFound, CredentialUnusable
from qsignhub.custody.ports import Custody
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.revocation.paths import path_of
from qsignhub.signature_requests.model import SignatureType

_REMEMBERED = timedelta(minutes=2)
_MOST = 1000


def signing_key(
    service: str, credential: Credential, anchors: tuple[bytes, ...], now: datetime
) -> SigningKey:
    """With its path to one of the anchors, each certificate on it valid now. Raises CredentialUnusable."""
    path = path_of(credential.certificate, credential.chain, anchors)
    for begin, end in map(validity_of, path):
        if not begin <= now <= end:
            raise CredentialUnusable("A certificate above the signer's is not valid now.")
    return SigningKey(f"{service}:{credential.id}", credential.certificate, path[1:], credential.algorithm)


@dataclass(frozen=True, slots=True)
class _Found:
    credential: Credential
    until: datetime


class RemoteCertificates:
    """``user_of`` tells by what the service knows a person; ``anchors`` where its certificates end.

    A credential that was found is remembered for two minutes, so that a page and the form on it ask once.
    """

    renewable = False

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
        signature_type: SignatureType,
    ) -> SigningKey:
        credential = await self._find(who, afresh=True)
        if signature_type == "qes" and not credential.demands.secrets:
            raise CredentialUnusable("A key that asks its signer for nothing makes no qualified signature.")
        return signing_key(self._service, credential, self._anchors, self._clock.now())

    async def demand(self, who: Signatory) -> Demand:
        wanted = (await self._find(who, answering=True)).demands
        if wanted.mode == "oauth2code":
            return Demand(confirmation=True)
        return Demand(pin=wanted.pin, otp=wanted.otp)

    async def would_make_qes(self, who: Signatory, trusted_lists: TrustedListFindings) -> bool:
        credential = await self._find(who)
        key = signing_key(self._service, credential, self._anchors, self._clock.now())
        return trusted_lists.standing(key.certificate, key.chain, self._clock.now()).makes_qes

    async def send_otp(self, who: Signatory) -> None:
        await self._credentials.send_otp(await self._find(who))

    async def confirmation(
        self, key_id: str, message: bytes, *, redirect_uri: str, state: str
    ) -> Confirmation:
        credential = await self._credentials.get(key_id.removeprefix(f"{self._service}:"))
        consent = await self._credentials.consent(credential, message, redirect_uri=redirect_uri, state=state)
        return Confirmation(consent.url, consent.code_verifier)

    async def issued_at(self, tx: Transaction, key_id: str) -> datetime | None:  # noqa: ARG002  # the port's
        """The certificate was there before."""
        return None

    async def dispose(self, key_id: str) -> None:
        """The key is the signer's own."""

    async def ping(self) -> None:
        await self._custody.ping()

    async def _find(self, who: Signatory, *, afresh: bool = False, answering: bool = False) -> Credential:
        """``answering``: what is remembered does only while the service answers.

        Raises CredentialNotFound, CredentialUnusable, and what asking the service raises.
        """
        user, now = self._user_of(who), self._clock.now()
        if user is None:
            raise CredentialNotFound("The service knows its signers by something that this request lacks.")
        found = self._found.get(user)
        if afresh or found is None or found.until <= now:
            answering = False
            found = self._found[user] = _Found(await self._credentials.find(user), now + _REMEMBERED)
        if answering:
            await self.ping()
        self._found.move_to_end(user)
        while len(self._found) > _MOST:
            self._found.popitem(last=False)
        return found.credential
