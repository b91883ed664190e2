"""The CRLs of an authority (RFC 5280 clause 5): made when they are asked for, kept while they tell all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.authority.errors import AuthorityRootOffline
from qsignhub.authority.keys import AuthorityKeys
from qsignhub.authority.repository import IssuedCertificate, Register, StoredCrl
from qsignhub.authority.template import Issuer
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.revocation.model import Reason
from qsignhub.revocation.reach import expired_certs_on_crl
from qsignhub.revocation.reasons import REASON_FLAGS

LIFETIME: Final = timedelta(days=7)
ROOT_LIFETIME: Final = timedelta(days=365)
_REFRESHED = timedelta(hours=1)
_ROOT_REFRESHED = timedelta(days=30)
ROOT: Final = "root"


class Crls:
    """``root`` is the root's certificate (DER), ``issuers`` the issuing CAs by their roles."""

    def __init__(
        self,
        root: bytes,
        issuers: Mapping[str, Issuer],
        keys: AuthorityKeys,
        register: Register,
        clock: Clock,
    ) -> None:
        self._root = root
        self._issuers = issuers
        self._keys = keys
        self._register = register
        self._clock = clock

    async def of(self, tx: Transaction, ca: str) -> bytes:
        """The current list of an issuing CA (DER): never without a revocation that is committed."""
        return (await self._current(tx, ca, _REFRESHED) or await self._make(tx, ca)).crl

    async def of_root(self, tx: Transaction, *, anew: bool = False) -> bytes:
        """The root's (DER), for a year. Raises AuthorityRootOffline where the one that is kept is over, or
        ``anew`` is asked for, and the root's key is not in the vault.
        """
        kept = None if anew else await self._current(tx, ROOT, _ROOT_REFRESHED)
        if kept is not None:
            return kept.crl
        key = await self._keys.find(ROOT)
        if key is not None:
            issuer = Issuer(x509.load_der_x509_certificate(self._root), key)
            return (await self._make(tx, ROOT, issuer, anew=anew)).crl
        kept = None if anew else await self._register.crl(tx, ROOT)
        if kept is None or kept.next_update <= self._clock.now():
            raise AuthorityRootOffline(
                "The root's key is needed to sign its revocation list, and it is not in the vault; "
                "bring it back with `qsignhub authority import-root FILE`."
            )
        return kept.crl

    async def _current(self, tx: Transaction, ca: str, refreshed: timedelta) -> StoredCrl | None:
        kept = await self._register.crl(tx, ca)
        if kept is None or not kept.this_update <= self._clock.now() < kept.this_update + refreshed:
            return None
        return kept if kept.revoked == await self._register.count_revoked(tx, ca) else None

    async def _make(
        self, tx: Transaction, ca: str, issuer: Issuer | None = None, *, anew: bool = False
    ) -> StoredCrl:
        await self._register.lock_crls(tx)
        issuer = issuer or self._issuers[ca]
        made_meanwhile = None if anew else await self._current(tx, ca, timedelta(minutes=1))
        if made_meanwhile is not None:
            return made_meanwhile
        before, now = await self._register.crl(tx, ca), self._clock.now()
        revoked = await self._register.revoked(tx, ca)
        number = max(int(now.timestamp()), before.number + 1 if before else 0)
        until = now + (ROOT_LIFETIME if ca == ROOT else LIFETIME)
        until = min(until, issuer.certificate.not_valid_after_utc)
        made = StoredCrl(number, now, until, len(revoked), _signed(issuer, revoked, number, now, until))
        await self._register.keep_crl(tx, ca, made)
        return made


def _signed(
    issuer: Issuer, revoked: list[IssuedCertificate], number: int, now: datetime, until: datetime
) -> bytes:
    own = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(until)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        # the register forgets nothing, as the archiveCutoff of the OCSP answers says too
        .add_extension(expired_certs_on_crl(issuer.certificate.not_valid_before_utc), critical=False)
    )
    for each in revoked:
        builder = builder.add_revoked_certificate(_entry(each))
    digest = hashes.SHA384() if isinstance(issuer.key.curve, ec.SECP384R1) else hashes.SHA256()
    return builder.sign(issuer.key, digest).public_bytes(Encoding.DER)


def _entry(revoked: IssuedCertificate) -> x509.RevokedCertificate:
    if revoked.revoked_at is None:
        raise ValueError(f"certificate {revoked.serial} is not revoked")
    builder = x509.RevokedCertificateBuilder().serial_number(int(revoked.serial, 16))
    builder = builder.revocation_date(revoked.revoked_at)
    reason = Reason[(revoked.revocation_reason or "unspecified").upper()]
    if reason is not Reason.UNSPECIFIED:  # left out (RFC 5280 clause 5.3.1)
        builder = builder.add_extension(x509.CRLReason(REASON_FLAGS[reason]), critical=False)
    return builder.build()
