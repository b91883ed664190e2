"""What an operator does with an authority from outside of the service: look, revoke, put the root away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from qsignhub.authority.crls import ROOT, Crls
from qsignhub.authority.errors import AuthorityNotFound
from qsignhub.authority.keys import AuthorityKeys
from qsignhub.authority.offline_root import export_root, import_root
from qsignhub.authority.repository import IssuedCertificate, Register
from qsignhub.authority.revocations import revoke_certificate
from qsignhub.authority.serials import colon_separated
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.register import Vault


@dataclass(frozen=True, slots=True)
class Standing:
    """One of the authority's own certificates; ``serial`` as openssl prints it, ``base_url`` '' for any."""

    role: str
    base_url: str
    subject: str
    serial: str
    not_after: datetime
    revoked: bool


class AuthorityAdministration:
    """Opens no authority, and so makes no certificate for a base URL that this process guesses."""

    def __init__(self, vault: Vault, authority: str, clock: Clock) -> None:
        self._name = authority
        self._keys = AuthorityKeys(vault, authority)
        self._register = Register(authority)
        self._clock = clock

    async def standings(self, tx: Transaction) -> list[Standing]:
        """Raises AuthorityNotFound where there is none of this name yet."""
        await self._root(tx)
        return [
            await self._standing(tx, own.role, own.base_url, bytes(own.certificate))
            for own in await self._register.all_own_certificates(tx)
        ]

    async def root_is_offline(self) -> bool:
        return await self._keys.find(ROOT) is None

    async def root_crl_until(self, tx: Transaction) -> datetime | None:
        """NextUpdate of the root's CRL; None where it has none yet."""
        kept = await self._register.crl(tx, ROOT)
        return kept.next_update if kept else None

    async def export_root(self, tx: Transaction, file: Path, passphrase: bytes) -> None:
        """With a CRL that is good for a year. Raises AuthorityRootOffline, RootKeyFileUnusable."""
        root = await self._root(tx)
        await self._crls(root).of_root(tx, anew=True)
        await export_root(self._keys, root, file, passphrase)

    async def import_root(self, tx: Transaction, file: Path, passphrase: bytes) -> None:
        """And signs its CRL anew. Raises RootKeyFileUnusable."""
        root = await self._root(tx)
        await import_root(self._keys, root, file, passphrase)
        await self._crls(root).of_root(tx, anew=True)

    async def revoke(self, tx: Transaction, serial: int, reason: str) -> IssuedCertificate:
        """Raises CertificateNotFound, AuthorityRootOffline, ValueError for a reason that is none."""
        crls = self._crls(await self._root(tx))
        return await revoke_certificate(tx, self._register, crls, self._clock, serial, reason)

    async def _root(self, tx: Transaction) -> bytes:
        found = (await self._register.own_certificates(tx, "")).get(ROOT)
        if found is None:
            raise AuthorityNotFound(f"There is no authority named {self._name} here yet; start the service.")
        return found

    def _crls(self, root: bytes) -> Crls:
        return Crls(root, {}, self._keys, self._register, self._clock)

    async def _standing(self, tx: Transaction, role: str, base_url: str, certificate: bytes) -> Standing:
        parsed = x509.load_der_x509_certificate(certificate)
        issued = await self._register.find(tx, f"{parsed.serial_number:x}")
        return Standing(
            role=role,
            base_url=base_url,
            subject=parsed.subject.rfc4514_string(),
            serial=colon_separated(parsed.serial_number),
            not_after=parsed.not_valid_after_utc,
            revoked=issued is not None and issued.revoked_at is not None,
        )
