"""What happened, entry by entry, each from a record of its own with its own moment."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from qsignhub.ceremonies.evidence import serial_in_pairs
from qsignhub.ceremonies.journal import RecordedConsent, RecordedSigning
from qsignhub.ceremonies.records import Records
from qsignhub.evidence.model import Detail, Entry
from qsignhub.foundation.events import Event
from qsignhub.timestamping.kept import read_kept_token

_SERVICE = "QSignHub"
_IDENTITY_OUTCOMES = {
    "signer.verification_completed": ("verified", "Identity verified"),
    "signer.verification_failed": ("failed", "Identity not verified"),
}


def entries_of(records: Records) -> tuple[Entry, ...]:
    """Oldest first. What has one moment stands in the order in which one thing follows from another."""
    names = {signer.id: signer.name for signer in records.request.signers}
    entries = [_uploaded(records)]
    entries += _told(records, "signature_request.created", records.sender, "Requested signatures")
    entries += [
        Entry(moment, _SERVICE, f"Invited {names[signer_id]} to sign")
        for signer_id, moment in records.invited_at.items()
    ]
    entries += _identity_checks(records)
    entries += [_consented(consent, names[consent.signer_id]) for consent in records.consents]
    for signing in records.signings:
        if signing.signer_id is None:
            entries += _sealed(signing) if signing.kind == "seal" else _extended(signing)
        elif signing.refusal_code is not None:
            entries += _refused(signing, names[signing.signer_id])
        else:
            entries += _signed(records, signing, names[signing.signer_id])
    entries += _told(records, "signature_request.completed", _SERVICE, "Completed the request")
    return tuple(sorted(entries, key=lambda entry: entry.moment))


def _uploaded(records: Records) -> Entry:
    seen = Detail("SHA-256", records.document.sha256, exact=True)
    return Entry(records.document.created_at, records.sender, "Uploaded the document", (seen,))


def _told(records: Records, event_type: str, actor: str, what: str) -> Iterator[Entry]:
    for event in records.events:
        if event.type == event_type:
            yield Entry(event.created_at, actor, what)


def _identity_checks(records: Records) -> Iterator[Entry]:
    """Each check has its event; only of the latest one more than the outcome is kept."""
    checks = [event for event in records.events if event.type in _IDENTITY_OUTCOMES]
    latest = {event.data["signer"]["id"]: event for event in checks}
    for event in checks:
        signer = event.data["signer"]
        details = _checked(records, event) if latest[signer["id"]] is event else ()
        yield Entry(event.created_at, signer["name"], _IDENTITY_OUTCOMES[event.type][1], details)


def _checked(records: Records, event: Event) -> tuple[Detail, ...]:
    found = records.verifications.get(event.data["signer"]["id"])
    if found is None or found.status != _IDENTITY_OUTCOMES[event.type][0]:
        return ()
    details = []
    if found.identity is not None:
        details.append(Detail("Face match", f"{found.identity.match_score:.2f} of 1.00"))
    if found.failure_reason:
        details.append(Detail("Reason", found.failure_reason))
    return tuple(details)


def _consented(consent: RecordedConsent, name: str) -> Entry:
    details = []
    if consent.ip_address:
        details.append(Detail("IP address", consent.ip_address, exact=True))
    if consent.user_agent:
        details.append(Detail("Browser", consent.user_agent))
    return Entry(consent.given_at, name, "Agreed to sign", tuple(details))


def _signed(records: Records, signing: RecordedSigning, name: str) -> Iterator[Entry]:
    issued_at = records.issued_at.get(signing.id)
    if issued_at is not None and signing.certificate is not None:
        serial = serial_in_pairs(x509.load_der_x509_certificate(signing.certificate).serial_number)
        what = f"Issued a certificate to {name}"
        yield Entry(issued_at, _SERVICE, what, (Detail("Serial number", serial, exact=True),))
    if signing.activated_at is not None and signing.digest is not None:
        digest = Detail("Digest signed", signing.digest.hex(), exact=True)
        key = "seal" if records.request.signature_type == "ses" else "key"
        yield Entry(signing.activated_at, name, f"Authorised the {key}, for this signature alone", (digest,))
    if signing.timestamp_token is not None:
        yield _timestamped(signing.timestamp_token, f"Timestamped the signature of {name}")
    if signing.finished_at is not None and signing.result_sha256 is not None:
        result = Detail("SHA-256", signing.result_sha256, exact=True)
        what = f"Added the signature of {name} to the document"
        yield Entry(signing.finished_at, _SERVICE, what, (result,))


def _refused(signing: RecordedSigning, name: str) -> Iterator[Entry]:
    if signing.finished_at is not None:
        reason = Detail("Reason", signing.refusal_code or "")
        yield Entry(signing.finished_at, _SERVICE, f"Refused the signature of {name}", (reason,))


def _sealed(signing: RecordedSigning) -> Iterator[Entry]:
    if signing.timestamp_token is not None and signing.refusal_code is None:
        yield _timestamped(signing.timestamp_token, "Timestamped the whole document")


def _extended(signing: RecordedSigning) -> Iterator[Entry]:
    """Years later, before the timestamps over the document end; one that came to nothing is not told."""
    if signing.timestamp_token is None or signing.refusal_code is not None or signing.finished_at is None:
        return
    yield _timestamped(signing.timestamp_token, "Timestamped the whole document again")
    result = Detail("SHA-256", signing.result_sha256 or "", exact=True)
    what = "Extended the proof, before the earlier timestamp ended"
    yield Entry(signing.finished_at, _SERVICE, what, (result,))


def _timestamped(token: bytes, what: str) -> Entry:
    found = read_kept_token(token)
    return Entry(found.gen_time, found.authority, what, (Detail("Imprint", found.imprint.hex(), exact=True),))
