"""All SQL of the authority. Certificates and their status are public: they belong to no account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qsignhub.foundation.database import Transaction, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """``serial`` is hexadecimal, lower case."""

    serial: str
    certificate: bytes
    revoked_at: datetime | None
    revocation_reason: str | None


async def own_certificates(tx: Transaction, base_url: str) -> dict[str, bytes]:
    """The authority's own certificates by role, for this URL; the root carries none."""
    rows = await fetch_all(
        tx,
        "SELECT role, certificate FROM authority_certificates WHERE base_url IN ('', %s)",
        (base_url,),
    )
    return {row["role"]: bytes(row["certificate"]) for row in rows}


async def keep_own_certificate(tx: Transaction, role: str, base_url: str, certificate: bytes) -> None:
    await tx.execute(
        "INSERT INTO authority_certificates (role, base_url, certificate) VALUES (%s, %s, %s)",
        (role, base_url, certificate),
    )


async def lock_setup(tx: Transaction) -> None:
    """One process at a time sets the authority up; held until the transaction ends."""
    await tx.execute("LOCK TABLE authority_certificates IN SHARE ROW EXCLUSIVE MODE")


async def keep_issued(
    tx: Transaction, serial: str, reference: str | None, certificate: bytes, now: datetime
) -> None:
    await tx.execute(
        "INSERT INTO issued_certificates (serial, reference, certificate, issued_at) VALUES (%s, %s, %s, %s)",
        (serial, reference, certificate, now),
    )


async def find_by_reference(tx: Transaction, reference: str) -> bytes | None:
    row = await fetch_one(
        tx, "SELECT certificate FROM issued_certificates WHERE reference = %s", (reference,)
    )
    return bytes(row["certificate"]) if row else None


async def find_issuance(tx: Transaction, reference: str) -> datetime | None:
    row = await fetch_one(tx, "SELECT issued_at FROM issued_certificates WHERE reference = %s", (reference,))
    return row["issued_at"] if row else None


async def find_by_serials(tx: Transaction, serials: list[str]) -> list[IssuedCertificate]:
    rows = await fetch_all(
        tx,
        "SELECT serial, certificate, revoked_at, revocation_reason FROM issued_certificates "
        "WHERE serial = ANY(%s)",
        (serials,),
    )
    return [IssuedCertificate(**row) for row in rows]


async def revoked(tx: Transaction) -> list[IssuedCertificate]:
    rows = await fetch_all(
        tx,
        "SELECT serial, certificate, revoked_at, revocation_reason FROM issued_certificates "
        "WHERE revoked_at IS NOT NULL ORDER BY revoked_at",
    )
    return [IssuedCertificate(**row) for row in rows]


async def revoke(tx: Transaction, serial: str, reason: str, now: datetime) -> None:
    """Irreversible (eIDAS Art. 28(4)): the first revocation stands."""
    await tx.execute(
        "UPDATE issued_certificates SET revoked_at = %s, revocation_reason = %s "
        "WHERE serial = %s AND revoked_at IS NULL",
        (now, reason, serial),
    )
