"""All SQL of the authority. Certificates and their status are public: they belong to no account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qsignhub.authority.issuance import Issued
from qsignhub.foundation.database import Database, Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope

_COLUMNS = "serial, issuer, profile, certificate, issued_at, not_after, revoked_at, revocation_reason"
_FROM = "FROM issued_certificates WHERE authority = %s "
_SELECT = f"SELECT {_COLUMNS} {_FROM}"
_PRESIGNED = f"SELECT revoked_at, revocation_reason, ocsp_answer AS answer, ocsp_produced AS produced {_FROM}"


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """``serial`` is hexadecimal, lower case; ``issuer`` the issuing CA's role."""

    serial: str
    issuer: str
    profile: str | None
    certificate: bytes
    issued_at: datetime
    not_after: datetime | None
    revoked_at: datetime | None
    revocation_reason: str | None


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    role: str
    base_url: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class PresignedAnswer:
    """An OCSPResponse (DER) that is kept with its certificate, and what it was signed about."""

    revoked_at: datetime | None
    revocation_reason: str | None
    answer: bytes | None
    produced: datetime | None


@dataclass(frozen=True, slots=True)
class StoredCrl:
    """``revoked``: how many certificates are on it."""

    number: int
    this_update: datetime
    next_update: datetime
    revoked: int
    crl: bytes


async def lock_setup(tx: Transaction) -> None:
    """One process at a time sets an authority up; held until the transaction ends."""
    await tx.execute("LOCK TABLE authority_certificates IN SHARE ROW EXCLUSIVE MODE")


class Register:
    """What one authority has issued, itself included."""

    def __init__(self, authority: str) -> None:
        self._authority = authority

    async def own_certificates(self, tx: Transaction, base_url: str) -> dict[str, bytes]:
        """By role, for this URL; the root carries none.

        Those from before profiles are for any URL: they answer for what was issued, and issue nothing.
        """
        rows = await fetch_all(
            tx,
            "SELECT role, certificate FROM authority_certificates WHERE authority = %s "
            "AND (base_url IN ('', %s) OR profile IS NULL) ORDER BY base_url = %s",
            (self._authority, base_url, base_url),
        )
        return {row["role"]: bytes(row["certificate"]) for row in rows}

    async def all_own_certificates(self, tx: Transaction) -> list[OwnCertificate]:
        rows = await fetch_all(
            tx,
            "SELECT role, base_url, certificate FROM authority_certificates WHERE authority = %s "
            "ORDER BY base_url, role",
            (self._authority,),
        )
        return [OwnCertificate(**row) for row in rows]

    async def keep_own_certificate(self, tx: Transaction, role: str, base_url: str, issued: Issued) -> None:
        """In the place of the one that was there; what was issued stays in the register."""
        await tx.execute(
            "INSERT INTO authority_certificates (authority, role, base_url, certificate, profile, not_after) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (authority, role, base_url) DO UPDATE SET "
            "certificate = EXCLUDED.certificate, not_after = EXCLUDED.not_after",
            (
                *(self._authority, role, base_url, issued.certificate, issued.profile),
                issued.parsed.not_valid_after_utc,
            ),
        )

    async def keep_issued(
        self,
        tx: Transaction,
        issued: Issued,
        issuer: str,
        reference: str | None,
        ocsp_answer: bytes | None,
        now: datetime,
    ) -> None:
        await tx.execute(
            "INSERT INTO issued_certificates (serial, authority, issuer, profile, reference, certificate, "
            "issued_at, not_after, ocsp_answer, ocsp_produced) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                *(issued.serial, self._authority, issuer, issued.profile, reference, issued.certificate, now),
                *(issued.parsed.not_valid_after_utc, ocsp_answer, None if ocsp_answer is None else now),
            ),
        )

    async def find_by_reference(self, tx: Transaction, reference: str) -> IssuedCertificate | None:
        row = await fetch_one(
            tx,
            _SELECT + "AND reference = %s",
            (self._authority, reference),
        )
        return IssuedCertificate(**row) if row else None

    async def find_by_prefix(self, tx: Transaction, prefix: str) -> dict[str, IssuedCertificate]:
        """By their references, the latest first."""
        rows = await fetch_all(
            tx,
            f"SELECT reference, {_COLUMNS} {_FROM}"
            "AND starts_with(reference, %s) ORDER BY issued_at DESC, serial",
            (self._authority, prefix),
        )
        return {row.pop("reference"): IssuedCertificate(**row) for row in rows}

    async def find(self, tx: Transaction, serial: str) -> IssuedCertificate | None:
        row = await fetch_one(
            tx,
            _SELECT + "AND serial = %s",
            (self._authority, serial),
        )
        return IssuedCertificate(**row) if row else None

    async def find_by_serials(
        self, tx: Transaction, issuer: str | None, serials: list[str]
    ) -> list[IssuedCertificate]:
        """``issuer`` None: of any CA of this authority."""
        rows = await fetch_all(
            tx,
            _SELECT + "AND (%s::text IS NULL OR issuer = %s) AND serial = ANY(%s)",
            (self._authority, issuer, issuer, serials),
        )
        return [IssuedCertificate(**row) for row in rows]

    async def standing_of(
        self, database: Database, issuer: str | None, serial: str
    ) -> PresignedAnswer | None:
        """``presigned`` without a transaction, in one exchange; ``issuer`` None: of any CA."""
        row = await database.ask(
            _PRESIGNED + "AND (%s::text IS NULL OR issuer = %s) AND serial = %s",
            (self._authority, issuer, issuer, serial),
        )
        return PresignedAnswer(**row) if row else None

    async def find_of_account(self, tx: Transaction, scope: Scope, serial: str) -> IssuedCertificate | None:
        """A certificate that was issued for a signer of this account, in this mode.

        A reference is a signing's id; where its certificate was renewed on the way, ``-1``, ``-2`` … follow.
        """
        row = await fetch_one(
            tx,
            _SELECT + "AND serial = %s AND EXISTS ("
            "SELECT FROM signings JOIN signature_requests ON signature_requests.id = signings.request_id "
            "WHERE signings.id = split_part(issued_certificates.reference, '-', 1) "
            "AND signature_requests.account_id = %s AND signature_requests.mode = %s)",
            (self._authority, serial, scope.account_id, scope.mode),
        )
        return IssuedCertificate(**row) if row else None

    async def presigned(self, tx: Transaction, issuer: str, serial: str) -> PresignedAnswer | None:
        """None where this CA never issued that serial number."""
        row = await fetch_one(
            tx,
            _PRESIGNED + "AND issuer = %s AND serial = %s",
            (self._authority, issuer, serial),
        )
        return PresignedAnswer(**row) if row else None

    async def keep_presigned(
        self, tx: Transaction, serial: str, revoked_at: datetime | None, answer: bytes, now: datetime
    ) -> None:
        """Not where the certificate has been revoked since its status was read."""
        await tx.execute(
            "UPDATE issued_certificates SET ocsp_answer = %s, ocsp_produced = %s "
            "WHERE serial = %s AND revoked_at IS NOT DISTINCT FROM %s",
            (answer, now, serial, revoked_at),
        )

    async def revoked(self, tx: Transaction, issuer: str) -> list[IssuedCertificate]:
        rows = await fetch_all(
            tx,
            _SELECT + "AND issuer = %s AND revoked_at IS NOT NULL ORDER BY revoked_at, serial",
            (self._authority, issuer),
        )
        return [IssuedCertificate(**row) for row in rows]

    async def count_revoked(self, tx: Transaction, issuer: str) -> int:
        row = await fetch_one(
            tx,
            "SELECT count(*) AS found FROM issued_certificates "
            "WHERE authority = %s AND issuer = %s AND revoked_at IS NOT NULL",
            (self._authority, issuer),
        )
        return int(row["found"]) if row else 0

    async def revoke(self, tx: Transaction, serial: str, reason: str, now: datetime) -> bool:
        """Irreversible (eIDAS Art. 28(4)): the first revocation stands. False where it was there before."""
        cursor = await tx.execute(
            "UPDATE issued_certificates SET revoked_at = %s, revocation_reason = %s, ocsp_answer = NULL, "
            "ocsp_produced = NULL WHERE authority = %s AND serial = %s AND revoked_at IS NULL",
            (now, reason, self._authority, serial),
        )
        return cursor.rowcount == 1

    async def lock_crls(self, tx: Transaction) -> None:
        """One process at a time makes a list, so that their numbers rise."""
        await tx.execute("LOCK TABLE authority_crls IN SHARE ROW EXCLUSIVE MODE")

    async def crl(self, tx: Transaction, issuer: str) -> StoredCrl | None:
        row = await fetch_one(
            tx,
            "SELECT number, this_update, next_update, revoked, crl FROM authority_crls "
            "WHERE authority = %s AND issuer = %s",
            (self._authority, issuer),
        )
        return StoredCrl(**row) if row else None

    async def keep_crl(self, tx: Transaction, issuer: str, made: StoredCrl) -> None:
        await tx.execute(
            "INSERT INTO authority_crls (authority, issuer, number, this_update, next_update, revoked, crl) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (authority, issuer) DO UPDATE SET "
            "number = EXCLUDED.number, this_update = EXCLUDED.this_update, "
            "next_update = EXCLUDED.next_update, revoked = EXCLUDED.revoked, crl = EXCLUDED.crl",
            (
                *(self._authority, issuer, made.number, made.this_update, made.next_update),
                *(made.revoked, made.crl),
            ),
        )
