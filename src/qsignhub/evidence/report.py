"""What a report says, in words, for whatever form it is given: HTML and PDF tell the same."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from qsignhub.evidence.model import (
    CertificateFinding,
    ConsentFinding,
    Detail,
    File,
    History,
    IdentityFinding,
    Party,
    TimestampFinding,
)
from qsignhub.foundation.clock import iso_milliseconds

TITLE = "Audit trail"
TITLE_SO_FAR = "Audit trail, up to the first signature"
SANDBOX_WORD = "SANDBOX"
SANDBOX_SENTENCE = "A test, without legal value."
HOW_TO_CHECK = (
    """This report tells what is on record; the proof is in the signed document itself. Each signature in it
    carries the certificate it was made with, a trusted timestamp and the certificate's status, so that any
    validator for eIDAS signatures can check it without asking us.""",
    """The signed document is the right one if its SHA-256 is the one printed here. A signer's certificate is
    the right one if its serial number is the one printed with the signer.""",
)

HOW_TO_CHECK_SO_FAR = (
    """This is what was on record when the first signature was prepared. It lies inside the signed document,
    and that signature and all after it cover it: it can be changed no more, and nothing can be added.""",
    """What happened afterwards is in the document too, as signatures and timestamps that any validator for
    eIDAS signatures reads. The complete audit trail, with the identity checks, is with whoever asked for the
    signatures; ask them for it by the number of the signature request.""",
)

_LEVELS = {
    "qes": "Qualified electronic signature (QES)",
    "aes": "Advanced electronic signature (AES)",
    "ses": "Simple electronic signature (SES)",
}
_METHODS = {
    "video_id": "Video identification",
    "eidas_idp": "National identity provider (eIDAS)",
    "bank_id": "Bank identification",
    "sms_otp": "One-time code by SMS",
    "email_otp": "One-time code by email",
}
_DOCUMENT_TYPES = {
    "passport": "Passport",
    "national_id": "National identity card",
    "drivers_license": "Driving licence",
}


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class SignerReport:
    number: int
    name: str
    email: str
    outcome: str
    signed: bool
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Line:
    moment: str
    actor: str
    what: str
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Plain text throughout: whoever gives it a form escapes it."""

    title: str
    how_to_check: tuple[str, ...]
    request_id: str
    document_name: str
    sandbox: bool
    overview: tuple[Detail, ...]
    files: tuple[Group, ...]
    signers: tuple[SignerReport, ...]
    lines: tuple[Line, ...]


def report_of(history: History) -> Report:
    whole = history.completed_at is not None
    signed = [*_file(history.signed), *_seal(history.seal)] if history.signed else []
    return Report(
        title=TITLE if whole else TITLE_SO_FAR,
        how_to_check=tuple(
            " ".join(words.split()) for words in (HOW_TO_CHECK if whole else HOW_TO_CHECK_SO_FAR)
        ),
        request_id=history.request_id,
        document_name=visible(history.document.name),
        sandbox=history.sandbox,
        overview=_visible_rows(_overview(history)),
        files=tuple(
            Group(title, _visible_rows(rows))
            for title, rows in (
                ("As it was uploaded", _file(history.document)),
                ("As PDF, which was shown and signed", _converted(history)),
                ("As it was signed", signed),
            )
            if rows
        ),
        signers=tuple(_signer(party) for party in history.parties),
        lines=tuple(
            Line(
                iso_milliseconds(entry.moment),
                visible(entry.actor),
                visible(entry.what),
                _visible_rows(entry.details),
            )
            for entry in history.entries
        ),
    )


def visible(text: str) -> str:
    """A stranger's text without what cannot be seen, breaks a line or turns the writing direction."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text)
    shown = (" " if character.isspace() else character for character in composed)
    return " ".join("".join(c for c in shown if c == " " or unicodedata.category(c)[0] != "C").split())


def _visible_rows(rows: Iterable[Detail]) -> tuple[Detail, ...]:
    return tuple(Detail(visible(row.label), visible(row.value), row.exact) for row in rows)


def _overview(history: History) -> list[Detail]:
    return [
        Detail("Signature request", history.request_id, exact=True),
        Detail("Requested by", history.sender),
        Detail("Level requested", _LEVELS.get(history.level, history.level.upper())),
        Detail("Requested", _moment(history.created_at)),
        Detail("Completed", _moment(history.completed_at))
        if history.completed_at
        else Detail("Told up to", _moment(history.told_at)),
    ]


def _file(file: File) -> list[Detail]:
    rows = [Detail("File", file.name)]
    if file.pages is not None:
        rows.append(Detail("Pages", str(file.pages)))
    return [*rows, Detail("Size", f"{file.size_bytes:,} bytes"), Detail("SHA-256", file.sha256, exact=True)]


def _converted(history: History) -> list[Detail]:
    if history.converted_sha256 is None:
        return []
    return [Detail("SHA-256", history.converted_sha256, exact=True)]


def _seal(seal: TimestampFinding | None) -> list[Detail]:
    if seal is None:
        return []
    return [Detail("Sealed", f"{_moment(seal.value)} by {seal.authority}")]


def _signer(party: Party) -> SignerReport:
    signed = party.signed_at is not None
    outcome = f"Signed {_moment(party.signed_at)}" if party.signed_at else "Has not signed yet"
    found = (
        ("Identity", _identity(party.identity) if party.identity else []),
        ("Consent", _consent(party.consent) if party.consent else []),
        ("Certificate", _certificate(party.certificate) if party.certificate else []),
        ("Timestamp", _timestamp(party.timestamp) if party.timestamp else []),
    )
    groups = tuple(Group(title, _visible_rows(rows)) for title, rows in found if rows)
    return SignerReport(party.number, visible(party.name), visible(party.email), outcome, signed, groups)


def _identity(found: IdentityFinding) -> list[Detail]:
    rows = [
        Detail("Outcome", "Verified" if found.verified else "Not verified"),
        Detail("Checked", _moment(found.checked_at)),
        Detail("Method", _METHODS.get(found.method, found.method)),
    ]
    if found.failure_reason:
        rows.append(Detail("Reason", found.failure_reason))
    if found.document_type:
        kind = _DOCUMENT_TYPES.get(found.document_type, found.document_type)
        rows.append(Detail("Document", ", ".join(filter(None, [kind, found.document_country]))))
    if found.full_name:
        rows.append(Detail("Name in the document", found.full_name))
    if found.document_expiry:
        rows.append(Detail("Document valid to", found.document_expiry.isoformat()))
    if found.match_score is not None:
        rows.append(Detail("Face match score", f"{found.match_score:.2f} of 1.00"))
    if found.liveness_check is not None:
        rows.append(Detail("Liveness check", "Passed" if found.liveness_check else "Not passed"))
    return rows


def _consent(found: ConsentFinding) -> list[Detail]:
    rows = [Detail("Given", _moment(found.given_at))]
    if found.ip_address:
        rows.append(Detail("IP address", found.ip_address, exact=True))
    if found.user_agent:
        rows.append(Detail("Browser", found.user_agent))
    rows.append(Detail("Document seen", found.document_sha256, exact=True))
    if found.click is not None:
        rows.append(Detail("Record of the click", found.click.decode()))
        rows.append(Detail("Its SHA-256", hashlib.sha256(found.click).hexdigest(), exact=True))
    return rows


def _certificate(found: CertificateFinding) -> list[Detail]:
    return [
        Detail("Issued to", found.subject),
        Detail("Issued by", found.issuer),
        Detail("Serial number", found.serial, exact=True),
        Detail("Valid", f"{_moment(found.valid_from)} to {_moment(found.valid_to)}"),
        Detail("Qualified", "Yes" if found.qualified else "No"),
        Detail("SHA-256", found.sha256, exact=True),
    ]


def _timestamp(found: TimestampFinding) -> list[Detail]:
    return [
        Detail("Time", _moment(found.value)),
        Detail("Authority", found.authority),
        Detail(f"Imprint ({found.hash_algorithm.upper().replace('SHA', 'SHA-')})", found.imprint, exact=True),
    ]


def _moment(moment: datetime) -> str:
    return iso_milliseconds(moment)
