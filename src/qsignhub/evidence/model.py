"""The history of one signature request: facts on record, in UTC. What is not known is None, or not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class File:
    """``sha256`` is lower-case hexadecimal; ``pages`` where the file has pages."""

    name: str
    sha256: str
    size_bytes: int
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class IdentityFinding:
    """The outcome of the latest identity check, codes as the API has them."""

    verified: bool
    method: str
    checked_at: datetime
    full_name: str | None = None
    document_type: str | None = None
    document_country: str | None = None
    document_expiry: date | None = None
    match_score: float | None = None
    liveness_check: bool | None = None
    failure_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentFinding:
    """The signer's act: ``document_sha256`` is of the document that was shown.

    ``click``: for a simple signature, the record of it whose SHA-256 is signed; canonical JSON.
    """

    given_at: datetime
    document_sha256: str
    ip_address: str | None = None
    user_agent: str | None = None
    click: bytes | None = None


@dataclass(frozen=True, slots=True)
class CertificateFinding:
    """``chain`` is the signer's certificate first, then its issuers up to the root, all DER.

    ``serial`` is hexadecimal in pairs, ``3A:F2:…``; ``sha256`` the fingerprint of the first.
    """

    subject: str
    issuer: str
    serial: str
    valid_from: datetime
    valid_to: datetime
    sha256: str
    qualified: bool
    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TimestampFinding:
    """genTime and imprint of an RFC 3161 token; ``imprint`` is hexadecimal."""

    value: datetime
    authority: str
    hash_algorithm: str
    imprint: str


@dataclass(frozen=True, slots=True)
class Party:
    """A signer; ``number`` counts from 1 in the order of the request."""

    number: int
    name: str
    email: str
    signed_at: datetime | None = None
    identity: IdentityFinding | None = None
    consent: ConsentFinding | None = None
    certificate: CertificateFinding | None = None
    timestamp: TimestampFinding | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """``exact``: to be compared letter by letter, as a hash or a serial number is."""

    label: str
    value: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when, by whom, what."""

    moment: datetime
    actor: str
    what: str
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """``sandbox``: made in the test world, without legal value; every form of it says so.

    ``level``: the signature level that was asked for, ``qes``, ``aes`` or ``ses``; ``sender``: who asked.
    ``told_at``: up to when it tells. ``completed_at`` and ``signed`` are None until the request is completed.
    """

    request_id: str
    sandbox: bool
    level: str
    sender: str
    created_at: datetime
    told_at: datetime
    completed_at: datetime | None
    document: File
    signed: File | None
    converted_sha256: str | None
    """Of the PDF that an office document was laid out as, shown and signed; None: it was signed itself."""
    seal: TimestampFinding | None
    parties: tuple[Party, ...]
    entries: tuple[Entry, ...]
