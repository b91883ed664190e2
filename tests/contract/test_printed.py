"""The measure itself: what is not as printed is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract import printed

GET = "04-get-response.json"
GIVEN = {
    "id": "sreq_0000000000000000",
    "status": "completed",
    "signature_type": "qes",
    "signed_document_url": "https://cdn.qsignhub.io/docs/sreq_0000000000000000/signed.pdf?expires=1",
    "audit_trail_url": "https://cdn.qsignhub.io/audit/sreq_0000000000000000.pdf",
    "signers": [
        {
            "id": "sgn_000000000000",
            "name": "Anna",
            "status": "signed",
            "signed_at": "2026-01-15T11:02:44Z",
            "certificate": {
                "issuer": "A",
                "serial": "0A:FF",
                "valid_from": "2026-01-15",
                "valid_to": "2026-01-16",
                "qualified": False,
                "tsp": "A",
            },
            "timestamp": {
                "value": "2026-01-15T11:02:44.000Z",
                "authority": "TSA",
                "hash": "sha256:" + "0" * 64,
            },
        }
    ],
    "completed_at": "2026-01-15T11:02:46Z",
}


def test_other_values_and_further_fields_are_as_printed() -> None:
    given = copy.deepcopy(GIVEN) | {"more": 1}
    assert printed.deviations(printed.example(GET), given) == []


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("body.completed_at", lambda body: body.pop("completed_at")),
        ("body.completed_at", lambda body: body.update(completed_at="2026-01-15T11:02:46+00:00")),
        ("body.completed_at", lambda body: body.update(completed_at=None)),
        ("body.id", lambda body: body.update(id="doc_0000000000000000")),
        (
            "body.signed_document_url",
            lambda body: body.update(signed_document_url="http://cdn.qsignhub.io/a"),
        ),
        (
            "body.audit_trail_url",
            lambda body: body.update(audit_trail_url="https://cdn.qsignhub.io/audit/.pdf"),
        ),
        ("body.signers", lambda body: body.update(signers=[])),
        ("body.signers[0].signed_at", lambda body: body["signers"][0].update(signed_at="2026-01-15")),
        (
            "body.signers[0].certificate.qualified",
            lambda body: body["signers"][0]["certificate"].update(qualified="false"),
        ),
        (
            "body.signers[0].certificate.serial",
            lambda body: body["signers"][0]["certificate"].update(serial="0aff"),
        ),
        (
            "body.signers[0].timestamp.hash",
            lambda body: body["signers"][0]["timestamp"].update(hash="sha256:00"),
        ),
        (
            "body.signers[0].timestamp.value",
            lambda body: body["signers"][0]["timestamp"].update(value="2026-01-15T11:02:44Z"),
        ),
    ],
)
def test_what_is_not_as_printed_is_found(where: str, change: Change) -> None:
    given = copy.deepcopy(GIVEN)
    change(given)
    (found,) = printed.deviations(printed.example(GET), given)
    assert found.startswith(f"{where}: ")


@pytest.mark.parametrize(("expected", "given"), [(True, 1), (4, True), (4, 4.0), (0.97, True), ("a", 1)])
def test_a_value_of_another_type_is_found(expected: Any, given: Any) -> None:
    assert len(printed.deviations(expected, given)) == 1


def test_comments_are_left_out_and_addresses_are_not() -> None:
    body = printed.example("04-create-response.json")
    assert body["signing_url"] == "https://sign.qsignhub.io/r/7Yx4kP9nQ3mB2wR1"
    assert printed.example("08-payload.json")["id"] == "evt_Z9wX8vU7tS6rQ5pO"


def test_alternatives_are_read_off_the_comments() -> None:
    assert printed.alternatives("04-create-request.json") == {"method": {"video_id", "eidas_idp", "bank_id"}}
    assert printed.alternatives("06-verification-response.json") == {
        "verification_status": {"pending", "in_progress", "verified", "failed"},
        "document_type": {"passport", "national_id", "drivers_license"},
    }
    assert printed.alternatives("07-validate-response.json") == {
        "ocsp_status": {"good", "revoked", "unknown"}
    }
