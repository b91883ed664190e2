"""A built-in certification authority: issues, revokes, and answers for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from cryptography import x509

from qsignhub.authority import profiles, repository
from qsignhub.authority.crls import ROOT, Crls
from qsignhub.authority.errors import AuthorityRootOffline, CertificateNotFound
from qsignhub.authority.hierarchy import Hierarchy
from qsignhub.authority.issuance import issue, prepare
from qsignhub.authority.keys import AuthorityKeys
from qsignhub.authority.names import SANDBOX, AuthorityNames, LegalPerson, Subject
from qsignhub.authority.ocsp import OcspDesk, OcspReply, status
from qsignhub.authority.profiles import PROFILES, SignerProfile
from qsignhub.authority.repository import IssuedCertificate, Register
from qsignhub.authority.revocations import revoke_certificate
from qsignhub.authority.setup import open_hierarchy
from qsignhub.authority.template import Issuer, SubjectKey, Template
from qsignhub.authority.urls import Urls
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.register import Vault
from qsignhub.foundation.scope import Scope
from qsignhub.revocation.adapters.in_process import LocalIssuer
from qsignhub.revocation.model import CertificateStatus
from qsignhub.timestamping.clock_watch import ClockWatch
from qsignhub.timestamping.responder import TimestampResponder

logger = logging.getLogger(__name__)

TSA_POLICY: Final = "0.4.0.2023.1.1"  # BTSP, EN 319 421 clause 5.2
_ROOT_CRL_KEPT = timedelta(seconds=60)

__all__ = ["Authority", "LegalPerson", "Subject", "open_authority"]


class Authority:
    """Root and issuing CAs, their OCSP responders, and the TSA; all keys but the root's are loaded once.

    ``root`` is its certificate (DER).
    """

    def __init__(
        self,
        database: Database,
        keys: AuthorityKeys,
        hierarchy: Hierarchy,
        clock: Clock,
        watch: ClockWatch | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._register = Register(hierarchy.names.name)
        self._crls = Crls(hierarchy.root, hierarchy.issuers, keys, self._register, clock)
        self._ocsp = OcspDesk(hierarchy, self._register, clock)
        self._root_crl: tuple[bytes, datetime] | None = None
        self.hierarchy = hierarchy
        self.name = hierarchy.names.name
        self.root = hierarchy.root
        self.timestamp_responder = TimestampResponder(
            certificate=hierarchy.timestamp.certificate,
            chain=[hierarchy.issuers["ca-tsa"].der],
            sign=hierarchy.timestamp.sign,
            policy=TSA_POLICY,
            clock=clock,
            watch=watch,
        )

    @property
    def chain(self) -> tuple[bytes, bytes]:
        """The AES CA's certificate and the root's (DER)."""
        return self.chain_of("ca-aes")

    def chain_of(self, profile_or_ca: str) -> tuple[bytes, bytes]:
        """The issuing CA's certificate and the root's (DER), for a profile or a CA's role."""
        return self.hierarchy.chain_of(profile_or_ca)

    def chain_above(self, certificate: bytes) -> tuple[bytes, bytes]:
        """The same for a certificate (DER) of this authority's, from before it had profiles too.

        Raises CertificateNotFound.
        """
        return self.hierarchy.chain_of(self.hierarchy.role_of_issuer(certificate))

    def issuers_at_hand(self) -> list[LocalIssuer]:
        """What answers for this authority's certificates within this process; for CAs, the root's CRL."""
        issuing = [
            LocalIssuer(responder, partial(self.status_of, issuer=ca))
            for ca, responder in self._ocsp.responders.items()
        ]
        return [*issuing, LocalIssuer(crl=self.root_crl, issuer=self.root)]

    async def issue_signer_certificate(
        self,
        tx: Transaction,
        reference: str,
        key: SubjectKey,
        subject: Subject,
        profile: SignerProfile = "signer-aes-one-time",
    ) -> bytes:
        """A certificate (DER) for a signer's key; asked again for a reference, the same one.

        Raises SubjectRefused, ProfileViolation.
        """
        make = partial(profiles.signer, profile, self.hierarchy.names, key, subject)
        return await self._issue(tx, reference, profile, make)

    async def issue_seal_certificate(
        self, tx: Transaction, reference: str, key: SubjectKey, subject: LegalPerson
    ) -> bytes:
        """A certificate (DER) for an organisation's key, for seals; asked again, the same one."""
        make = partial(profiles.seal, self.hierarchy.names, key, subject)
        return await self._issue(tx, reference, "seal", make)

    async def issued_at(self, tx: Transaction, reference: str) -> datetime | None:
        """When the certificate for a reference was issued; None if none was."""
        found = await self._register.find_by_reference(tx, reference)
        return found.issued_at if found else None

    async def issued_under(self, tx: Transaction, prefix: str) -> dict[str, IssuedCertificate]:
        """What was issued for references that begin so, by reference, the latest first."""
        return await self._register.find_by_prefix(tx, prefix)

    async def find(self, tx: Transaction, scope: Scope, serial: int) -> IssuedCertificate:
        """One that was issued for a signer of this account and mode. Raises CertificateNotFound."""
        found = await self._register.find_of_account(tx, scope, f"{serial:x}")
        if found is None:
            raise CertificateNotFound("There is no certificate with this serial number.")
        return found

    async def revoke(self, tx: Transaction, certificate: bytes, reason: str) -> None:
        """``reason`` as RFC 5280 names it, in lower case: ``key_compromise``, ``superseded``, …"""
        serial = x509.load_der_x509_certificate(certificate).serial_number
        await self.revoke_serial(tx, serial, reason)

    async def revoke_serial(self, tx: Transaction, serial: int, reason: str) -> IssuedCertificate:
        """For good: again, and with another reason, it changes nothing. The certificate as it is then.

        Raises CertificateNotFound; ValueError for a reason that is none, or says that it is not for good;
        AuthorityRootOffline for a CA's certificate while the root's key is away.
        """
        found = await revoke_certificate(tx, self._register, self._crls, self._clock, serial, reason)
        if found.issuer == ROOT:
            self._root_crl = None
        return found

    async def alone(self, tx: Transaction) -> None:
        """Waits until no other transaction sets something up here that there is to be once; holds the turn
        until this transaction ends.
        """
        await repository.lock_setup(tx)

    async def answer_ocsp(self, tx: Transaction, question: bytes) -> bytes:
        """An OCSPResponse (DER) to an OCSPRequest (DER). What was never issued is never good."""
        return (await self._ocsp.reply(tx, question)).answer

    async def reply_ocsp(self, tx: Transaction, question: bytes) -> OcspReply:
        """The same, and for how long caches may keep it."""
        return await self._ocsp.reply(tx, question)

    async def root_crl(self) -> bytes:
        """The root's CRL (DER): the CAs that it has revoked. Valid for a year, by a transaction of its own.

        Raises AuthorityRootOffline.
        """
        now = self._clock.now()
        if self._root_crl is None or not self._root_crl[1] - _ROOT_CRL_KEPT <= now < self._root_crl[1]:
            async with self._database.transaction() as tx:
                self._root_crl = await self._crls.of_root(tx), now + _ROOT_CRL_KEPT
        return self._root_crl[0]

    async def sign_root_crl(self, tx: Transaction) -> bytes:
        """Afresh, whatever is kept. Raises AuthorityRootOffline."""
        return await self._crls.of_root(tx, anew=True)

    async def crl(self, tx: Transaction, ca: str) -> bytes:
        """The current CRL (DER) of an issuing CA, by its role. Raises CertificateNotFound."""
        if ca not in self.hierarchy.issuers:
            raise CertificateNotFound("This authority has no such CA.")
        return await self._crls.of(tx, ca)

    async def status_of(self, serial: int, issuer: str | None = None) -> CertificateStatus:
        """By a look-up of its own, outside of any transaction. ``issuer``: the CA's role; None for any."""
        found = await self._register.standing_of(self._database, issuer, f"{serial:x}")
        if found is None:
            return CertificateStatus.unknown()
        return status(found.revoked_at, found.revocation_reason)

    async def _issue(
        self,
        tx: Transaction,
        reference: str,
        profile: str,
        make: Callable[[Issuer, Urls, datetime], Template],
    ) -> bytes:
        present = await self._register.find_by_reference(tx, reference)
        if present is not None:
            return bytes(present.certificate)
        ca, now = PROFILES[profile].ca or "", self._clock.now()
        issuer = self.hierarchy.issuers[ca]
        issued = issue(prepare(make(issuer, self.hierarchy.urls, now), issuer))
        answer = self._ocsp.presign(issued, ca)
        await self._register.keep_issued(tx, issued, ca, reference, answer, now)
        return issued.certificate


async def open_authority(
    database: Database,
    vault: Vault,
    base_url: str,
    clock: Clock,
    names: AuthorityNames = SANDBOX,
    *,
    docs_url: str | None = None,
    watch: ClockWatch | None = None,
) -> Authority:
    """An authority of this installation; keys and certificates are made if they are not there yet.

    While ``watch`` does not trust the clock there are no timestamps.

    The sandbox answers at ``/pki``, another one at ``/pki/{its name}``. Raises AuthorityRootOffline where
    the root is needed: for the first start at a base URL, and for its CRL once a year.
    """
    path = "/pki" if names.name == SANDBOX.name else f"/pki/{names.name}"
    keys, urls = AuthorityKeys(vault, names.name), Urls(base_url, path, docs_url)
    hierarchy = await open_hierarchy(database, keys, names, urls, clock.now())
    authority = Authority(database, keys, hierarchy, clock, watch)
    try:
        await authority.root_crl()
    except AuthorityRootOffline:
        # everything else can be answered; what needs the list asks for it again, and waits
        logger.exception("authority %s has no current CRL of its root", names.name)
    return authority
