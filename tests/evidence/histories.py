"""Histories of requests that never were, to see how they are told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from qsignhub.evidence.model import (
    CertificateFinding,
    ConsentFinding,
    Detail,
    Entry,
    File,
    History,
    IdentityFinding,
    Party,
    TimestampFinding,
)

BEGIN = datetime(2026, 1, 15, 10, 34, 22, tzinfo=UTC)
CHAIN = (b"a signer's certificate", b"its issuer's")
SIGNED = b"%PDF-1.7 what was signed"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SERIAL = "3A:F2:9C:11:00:BB:EE:44:3A:F2:9C:11:00:BB:EE:44:00:11:22:33"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def a_history(
    *names: str,
    document: str = "Service agreement.pdf",
    sandbox: bool = True,
    email: str = "a@company.example",
) -> History:
    parties = [a_party(number, name, email) for number, name in enumerate(names, 1)]
    uploaded = Detail("SHA-256", sha256(b"original"), exact=True)
    completed = BEGIN + timedelta(hours=len(names) + 1)
    return History(
        request_id="sreq_7Yx4kP9nQ3mB2wR1",
        sandbox=sandbox,
        level="qes",
        sender="Acme Sp. z o.o.",
        created_at=BEGIN,
        told_at=completed,
        completed_at=completed,
        document=File(document, sha256(b"original"), 248_320, 4),
        signed=File("signed.pdf", sha256(SIGNED), len(SIGNED)),
        converted_sha256=None,
        seal=a_timestamp(completed, "seal"),
        parties=tuple(parties),
        entries=(Entry(BEGIN, "Acme Sp. z o.o.", "Uploaded the document", (uploaded,)), *acts(parties)),
    )


def a_party(number: int, name: str, email: str) -> Party:
    at = BEGIN + timedelta(hours=number, milliseconds=321)
    return Party(
        number=number,
        name=name,
        email=email,
        signed_at=at,
        identity=IdentityFinding(
            verified=True,
            method="video_id",
            checked_at=at,
            full_name=name.upper(),
            document_type="national_id",
            document_country="PL",
            document_expiry=date(2035, 11, 15),
            match_score=0.98,
            liveness_check=True,
        ),
        consent=ConsentFinding(at, sha256(b"original"), "2001:db8:85a3::8a2e:370:7334", AGENT),
        certificate=CertificateFinding(
            subject=name,
            issuer="SANDBOX QSignHub Issuing CA",
            serial=SERIAL,
            valid_from=at,
            valid_to=at + timedelta(days=1),
            sha256=sha256(CHAIN[0]),
            qualified=False,
            chain=CHAIN,
        ),
        timestamp=a_timestamp(at, f"signature {number}"),
    )


def a_timestamp(at: datetime, of: str) -> TimestampFinding:
    return TimestampFinding(at, "SANDBOX QSignHub TSA", "sha256", sha256(of.encode()))


def acts(parties: Sequence[Party]) -> list[Entry]:
    told = []
    for party in parties:
        at = BEGIN + timedelta(hours=party.number)
        told.append(Entry(at, party.name, "Identity verified", (Detail("Face match", "0.98 of 1.00"),)))
        where = (Detail("IP address", "192.0.2.7", exact=True), Detail("Browser", AGENT))
        told.append(Entry(at, party.name, "Agreed to sign", where))
        serial = Detail("Serial number", SERIAL, exact=True)
        told.append(Entry(at, "QSignHub", f"Issued a certificate to {party.name}", (serial,)))
    return told
