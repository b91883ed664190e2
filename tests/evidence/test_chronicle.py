"""The entries of a history: one for each thing on record, in order, and none for what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from qsignhub.ceremonies.chronicle import entries_of
from qsignhub.ceremonies.journal import RecordedConsent, RecordedSigning
from qsignhub.ceremonies.records import Records
from qsignhub.foundation.events import Event
from qsignhub.identity.model import Verification
from qsignhub.signature_requests.model import Revision, SignatureType
from tests.pages.fake_app import a_document, a_request, a_signer

SIGNER = a_signer("Anna Kowalska", "signed")
REQUEST = a_request(SIGNER)
DOCUMENT = a_document()
AT = DOCUMENT.created_at
BARE = Records(
    told_at=AT,
    request=REQUEST,
    sender="Acme",
    document=DOCUMENT,
    signed=Revision(1, "key", "00", 1),
    invited_at={},
    events=(),
    consents=(),
    signings=(),
    issued_at={},
    verifications={},
)
NOTHING = RecordedSigning(
    "sig_1", "signature", SIGNER.id, None, None, "sandbox", None, None, None, None, None, None, None
)


def minutes(count: int) -> datetime:
    return AT + timedelta(minutes=count)


def told(event_type: str, at: datetime) -> Event:
    data = {"signature_request": {"id": REQUEST.id}, "signer": {"id": SIGNER.id, "name": SIGNER.name}}
    return Event("evt_1", REQUEST.scope, event_type, data, at)


def what(records: Records) -> list[str]:
    return [entry.what for entry in entries_of(records)]


def test_nothing_is_told_that_is_not_on_record() -> None:
    assert what(BARE) == ["Uploaded the document"]
    assert what(replace(BARE, signings=(NOTHING,))) == ["Uploaded the document"]


def test_entries_stand_in_the_order_of_time() -> None:
    records = replace(
        BARE,
        events=(
            told("signature_request.completed", minutes(9)),
            told("signer.verification_completed", minutes(4)),
            told("signature_request.created", minutes(1)),
        ),
        invited_at={SIGNER.id: minutes(2)},
        consents=(RecordedConsent(SIGNER.id, "00", minutes(5), "192.0.2.7", None),),
        signings=(replace(NOTHING, finished_at=minutes(8), result_sha256="ab"),),
    )
    assert what(records) == [
        "Uploaded the document",
        "Requested signatures",
        "Invited Anna Kowalska to sign",
        "Identity verified",
        "Agreed to sign",
        "Added the signature of Anna Kowalska to the document",
        "Completed the request",
    ]


def test_only_the_latest_identity_check_has_details() -> None:
    checks = (told("signer.verification_failed", minutes(1)), told("signer.verification_failed", minutes(2)))
    found = Verification("failed", "video_id", minutes(2), failure_reason="The document has expired.")
    entries = entries_of(replace(BARE, events=checks, verifications={SIGNER.id: found}))
    assert [[detail.value for detail in entry.details] for entry in entries[1:]] == [
        [],
        ["The document has expired."],
    ]


@pytest.mark.parametrize(("level", "key"), [("qes", "key"), ("aes", "key"), ("ses", "seal")])
def test_what_a_simple_signature_authorises_is_the_seal(level: SignatureType, key: str) -> None:
    authorised = replace(NOTHING, activated_at=minutes(3), digest=b"ab")
    records = replace(BARE, request=replace(REQUEST, signature_type=level), signings=(authorised,))
    assert what(records)[-1] == f"Authorised the {key}, for this signature alone"


def test_a_refused_signature_is_told_with_its_reason() -> None:
    refused = replace(NOTHING, finished_at=minutes(3), refusal_code="CONSENT_LAPSED", result_sha256="ab")
    entry = entries_of(replace(BARE, signings=(refused,)))[-1]
    assert entry.what == "Refused the signature of Anna Kowalska"
    assert [detail.value for detail in entry.details] == ["CONSENT_LAPSED"]
