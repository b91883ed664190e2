"""The built-in certification authority of the sandbox: issues, revokes, and answers for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority import profiles, repository
from qsignhub.authority.keys import Role, load_or_make_keys
from qsignhub.authority.profiles import Issuer, Subject, Urls
from qsignhub.authority.repository import IssuedCertificate
from qsignhub.authority.setup import Certificates, Keys, own_certificates
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.register import Vault
from qsignhub.revocation.crl import RevokedCertificate, build_crl
from qsignhub.revocation.model import CertificateStatus, Reason
from qsignhub.revocation.responder import OcspResponder
from qsignhub.timestamping.responder import TimestampResponder

TSA_POLICY: Final = "0.4.0.2023.1.1"  # BTSP, EN 319 421 clause 5.2
CRL_LIFETIME = timedelta(days=7)
_CRL_REFRESH = timedelta(hours=1)

__all__ = ["Authority", "Subject", "open_authority"]


class Authority:
    """Root and issuing CA, OCSP responder and TSA; their keys are loaded once.

    ``chain`` is the issuing CA's certificate and the root's (DER).
    """

    def __init__(
        self, database: Database, keys: Keys, certificates: Certificates, urls: Urls, clock: Clock
    ) -> None:
        self._database = database
        self._keys = keys
        self._urls = urls
        self._clock = clock
        self._issuer = Issuer(certificates["issuing"], keys["issuing"])
        self.root = profiles.der(certificates["root"])
        issuing = profiles.der(certificates["issuing"])
        self.chain = (issuing, self.root)
        self._root_crl: tuple[bytes, float] | None = None
        self.timestamp_responder = TimestampResponder(
            certificate=profiles.der(certificates["tsa"]),
            chain=[issuing],
            sign=self._signs_with("tsa"),
            policy=TSA_POLICY,
            clock=clock,
        )
        self.ocsp_responder = OcspResponder(
            issuer=issuing,
            certificate=profiles.der(certificates["ocsp"]),
            sign=self._signs_with("ocsp"),
            clock=clock,
            archive_cutoff=certificates["issuing"].not_valid_before_utc,
        )
        self.root_responder = OcspResponder(
            issuer=self.root, certificate=self.root, sign=self._signs_with("root"), clock=clock
        )

    async def issue_signer_certificate(
        self, tx: Transaction, reference: str, key: ec.EllipticCurvePublicKey, subject: Subject
    ) -> bytes:
        """A one-time certificate (DER) for a signer's key; asked again for a reference, the same one."""
        present = await repository.find_by_reference(tx, reference)
        if present is not None:
            return present
        now = self._clock.now()
        certificate = profiles.signer(key, subject, self._issuer, self._urls, now)
        encoded = profiles.der(certificate)
        await repository.keep_issued(tx, f"{certificate.serial_number:x}", reference, encoded, now)
        return encoded

    async def issued_at(self, tx: Transaction, reference: str) -> datetime | None:
        """When the certificate for a reference was issued; None if none was."""
        return await repository.find_issuance(tx, reference)

    async def revoke(self, tx: Transaction, certificate: bytes, reason: str) -> None:
        """``reason`` as RFC 5280 names it, in lower case: ``key_compromise``, ``superseded``, …"""
        serial = x509.load_der_x509_certificate(certificate).serial_number
        await repository.revoke(tx, f"{serial:x}", Reason[reason.upper()].name.lower(), self._clock.now())

    async def alone(self, tx: Transaction) -> None:
        """Waits until no other transaction sets something up here that there is to be once; holds the turn
        until this transaction ends.
        """
        await repository.lock_setup(tx)

    async def answer_ocsp(self, tx: Transaction, question: bytes) -> bytes:
        """An OCSPResponse (DER) to an OCSPRequest (DER). What was never issued is never good."""
        serials = self.ocsp_responder.requested_serials(question)
        found = await repository.find_by_serials(tx, [f"{serial:x}" for serial in serials])
        statuses = {int(issued.serial, 16): _status(issued) for issued in found}
        return self.ocsp_responder.respond(
            question, lambda serial: statuses.get(serial, CertificateStatus.unknown())
        )

    async def root_crl(self) -> bytes:
        """The root's CRL: it has revoked no CA. Signed afresh every hour, valid for a week."""
        now = self._clock.now()
        if self._root_crl is None or self._root_crl[1] <= now.timestamp():
            crl = build_crl(
                issuer=self.root,
                sign=self._signs_with("root"),
                revoked=[],
                number=int(now.timestamp()),
                this_update=now,
                next_update=now + CRL_LIFETIME,
            )
            self._root_crl = crl, (now + _CRL_REFRESH).timestamp()
        return self._root_crl[0]

    async def issuing_crl(self, tx: Transaction) -> bytes:
        now = self._clock.now()
        return build_crl(
            issuer=self.chain[0],
            sign=self._signs_with("issuing"),
            revoked=[_entry(issued) for issued in await repository.revoked(tx)],
            number=int(now.timestamp()),
            this_update=now,
            next_update=now + CRL_LIFETIME,
        )

    def _signs_with(self, role: Role) -> _Sign:
        return _Sign(self._keys[role])

    async def status_of(self, serial: int) -> CertificateStatus:
        """By a look-up of its own, outside of any transaction."""
        async with self._database.autocommit() as connection:
            found = await repository.find_by_serials(connection, [f"{serial:x}"])
        return _status(found[0]) if found else CertificateStatus.unknown()


class _Sign:
    """ECDSA with SHA-256, by a key that is loaded."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._algorithm = ec.ECDSA(hashes.SHA256())

    def __call__(self, data: bytes) -> bytes:
        return self._key.sign(data, self._algorithm)


async def open_authority(database: Database, vault: Vault, base_url: str, clock: Clock) -> Authority:
    """The authority of this installation; keys and certificates are made if they are not there yet."""
    keys = await load_or_make_keys(vault)
    urls = Urls(base_url)
    certificates = await own_certificates(database, keys, urls, clock.now())
    return Authority(database, keys, certificates, urls, clock)


def _status(issued: IssuedCertificate) -> CertificateStatus:
    if issued.revoked_at is None:
        return CertificateStatus.good()
    return CertificateStatus.revoked(issued.revoked_at, _reason(issued))


def _entry(issued: IssuedCertificate) -> RevokedCertificate:
    at = issued.revoked_at
    if at is None:
        raise ValueError(f"certificate {issued.serial} is not revoked")
    return RevokedCertificate(int(issued.serial, 16), at, _reason(issued))


def _reason(issued: IssuedCertificate) -> Reason | None:
    return Reason[issued.revocation_reason.upper()] if issued.revocation_reason else None
