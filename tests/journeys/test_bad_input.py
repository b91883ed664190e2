"""What is wrong is refused with the contract's envelope and its own code, and nothing is stored."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.pdfs import big_pdf, cyclic_prev_pdf, encrypted_pdf, hybrid_pdf, one_page_pdf, zip_archive
from tests.support.live import LiveService
from tests.support.making import SUCCESS

LIMIT = 50 * 1024 * 1024


def error_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer, its envelope checked."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["docs_url"].endswith(f"/errors/{code}")
    assert re.fullmatch(r"req_[0-9A-Za-z]{16}", error["request_id"])
    assert answer.headers["X-Request-Id"] == error["request_id"]
    return dict(error)


def stored_files(service: LiveService) -> set[str]:
    places = (service.data_dir / "blobs", service.data_dir / "spool")
    return {str(path) for place in places if place.is_dir() for path in place.rglob("*") if path.is_file()}


def upload(service: LiveService, content: bytes, name: str = "a.pdf", kind: str = "application/pdf") -> Any:
    return service.client.post("/v1/documents", files={"file": (name, content, kind)})


@pytest.mark.parametrize(
    ("content", "name", "kind", "status", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a.pdf", "application/pdf", 422, "UNSUPPORTED_DOCUMENT_TYPE"),
        (one_page_pdf(), "a.docx", "application/pdf", 422, "UNSUPPORTED_DOCUMENT_TYPE"),
        (one_page_pdf() + zip_archive(), "a.pdf", "application/pdf", 422, "DOCUMENT_AMBIGUOUS"),
        (encrypted_pdf(), "a.pdf", "application/pdf", 422, "DOCUMENT_ENCRYPTED"),
        (hybrid_pdf(), "a.pdf", "application/pdf", 422, "DOCUMENT_UNREADABLE"),
        (cyclic_prev_pdf(), "a.pdf", "application/pdf", 422, "DOCUMENT_UNREADABLE"),
        (
            b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nxref\n%%EOF\n",
            "a.pdf",
            "application/pdf",
            422,
            "DOCUMENT_UNREADABLE",
        ),
    ],
    ids=[
        "case-22-png",
        "case-22-name",
        "case-14-polyglot",
        "case-15-encrypted",
        "case-20-hybrid",
        "case-20-cyclic",
        "case-20-junk",
    ],
)
def test_a_document_that_cannot_be_signed_is_refused(
    live_service: LiveService, content: bytes, name: str, kind: str, status: int, code: str
) -> None:
    before = stored_files(live_service)
    error_of(upload(live_service, content, name, kind), status, code)
    assert stored_files(live_service) <= before


def test_case_21_fifty_megabytes_pass_and_one_byte_more_does_not(live_service: LiveService) -> None:
    assert upload(live_service, big_pdf(LIMIT)).status_code == 201
    before = stored_files(live_service)
    error = error_of(upload(live_service, big_pdf(LIMIT + 1)), 413, "DOCUMENT_TOO_LARGE")
    assert error["message"].startswith("File exceeds the 50 MB limit. Received: ")
    assert stored_files(live_service) <= before


def test_case_01_malformed_json(live_service: LiveService) -> None:
    answer = live_service.client.post("/v1/signature-requests", content=b'{"document_id": ')
    error_of(answer, 400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    "body",
    [
        b'{"document_id": "a", "document_id": "b"}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"document_id": "\\ud800"}',
        b'{"document_id": "a\\u0000b"}',
        b"\xff\xfe",
    ],
    ids=["case-02-duplicate-keys", "case-03-depth", "case-04-surrogate", "case-04-nul", "not-utf8"],
)
def test_json_that_cannot_be_read_the_same_way_by_all(live_service: LiveService, body: bytes) -> None:
    error_of(live_service.client.post("/v1/signature-requests", content=body), 400, "MALFORMED_JSON")


def test_every_wrong_field_is_named(live_service: LiveService) -> None:
    body = {"document_id": 5, "signers": [{"name": "A\u202eB", "email": "nobody"}], "colour": "red"}
    error = error_of(live_service.client.post("/v1/signature-requests", json=body), 422, "VALIDATION_FAILED")
    named = {problem["field"] for problem in error["fields"]}
    assert named == {"document_id", "signers.0.name", "signers.0.email", "colour"}


def test_an_unknown_document(live_service: LiveService) -> None:
    body = {"document_id": "doc_0000000000000000", "signers": [{"name": "A", "email": SUCCESS}]}
    answer = live_service.client.post("/v1/signature-requests", json=body)
    error = error_of(answer, 404, "DOCUMENT_NOT_FOUND")
    assert error["field"] == "document_id"


def test_fields_must_lie_in_the_document(live_service: LiveService) -> None:
    field = {"signer_index": 0, "page": 9, "x": 72, "y": 640, "width": 200, "height": 80, "type": "signature"}
    body = {
        "document_id": live_service.upload()["id"],
        "signers": [{"name": "A", "email": SUCCESS}],
        "fields": [field],
    }
    answer = live_service.client.post("/v1/signature-requests", json=body)
    assert error_of(answer, 422, "FIELD_OUTSIDE_DOCUMENT")["field"] == "fields.0.page"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "API_KEY_MISSING"),
        ({"X-API-Key": "qsh_test_00000000000000000000000000000000"}, "API_KEY_INVALID"),
        ({"X-API-Key": "nonsense"}, "API_KEY_INVALID"),
    ],
)
def test_a_missing_or_wrong_key(live_service: LiveService, headers: dict[str, str], code: str) -> None:
    before = stored_files(live_service)
    url = f"{live_service.base_url}/v1/documents"
    # from an address of its own: others ask without a key too, and there is a limit a minute for each address
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.4.2"), timeout=60) as stranger:
        answer = stranger.post(url, headers=headers, files={"file": ("a.pdf", one_page_pdf())})
    error_of(answer, 401, code)
    assert stored_files(live_service) <= before


def test_case_29_another_accounts_objects_are_not_there(live_service: LiveService) -> None:
    mine = live_service.request(SUCCESS)
    live_service.wait_for(mine["id"])
    stranger = live_service.client_of(live_service.new_key("stranger"))
    for path in (f"/v1/signature-requests/{mine['id']}", f"/v1/signature-requests/{mine['id']}/download"):
        theirs = stranger.get(path)
        missing = stranger.get(path.replace(mine["id"], "sreq_0000000000000000"))
        error = error_of(theirs, 404, "SIGNATURE_REQUEST_NOT_FOUND")
        other = error_of(missing, 404, "SIGNATURE_REQUEST_NOT_FOUND")
        assert error["message"].replace(mine["id"], "") == other["message"].replace(
            "sreq_0000000000000000", ""
        )
    body = {"document_id": mine["document_id"], "signers": [{"name": "A", "email": SUCCESS}]}
    error_of(stranger.post("/v1/signature-requests", json=body), 404, "DOCUMENT_NOT_FOUND")


def test_case_30_a_live_key_does_not_see_test_objects(live_service: LiveService) -> None:
    mine = live_service.request(SUCCESS)
    live = live_service.client_of(live_service.new_key(mode="live"))
    error_of(live.get(f"/v1/signature-requests/{mine['id']}"), 404, "SIGNATURE_REQUEST_NOT_FOUND")
    document = live.post("/v1/documents", files={"file": ("a.pdf", one_page_pdf())}).json()
    body = {"document_id": document["id"], "signers": [{"name": "A", "email": SUCCESS}]}
    error_of(live.post("/v1/signature-requests", json=body), 422, "TRUST_SERVICE_NOT_CONFIGURED")


@pytest.mark.parametrize("request_id", ["%00", "sreq_%00", "..%2f..", "%C3%A9", "x" * 500])
def test_an_id_that_cannot_be_one_is_not_found(live_service: LiveService, request_id: str) -> None:
    for path in ("", "/download"):
        answer = live_service.client.get(f"/v1/signature-requests/{request_id}{path}")
        assert answer.status_code == 404, answer.text
        assert answer.headers["X-Request-Id"] == answer.json()["error"]["request_id"]


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2025-03-01T23:59:59", "soon"]
)
def test_a_deadline_that_is_no_moment(live_service: LiveService, moment: str) -> None:
    body = {
        "document_id": live_service.upload()["id"],
        "signers": [{"name": "A", "email": SUCCESS}],
        "expires_at": moment,
    }
    answer = live_service.client.post("/v1/signature-requests", json=body)
    assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == "expires_at"


@pytest.mark.parametrize(
    ("field", "value"), [("name", "A\u202eB"), ("locale", "not a locale"), ("colour", "red")]
)
def test_a_wrong_field_of_the_upload_is_named(live_service: LiveService, field: str, value: str) -> None:
    answer = live_service.client.post(
        "/v1/documents", files={"file": ("a.pdf", one_page_pdf())}, data={field: value}
    )
    assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == field


def test_an_ocsp_request_that_is_none(live_service: LiveService) -> None:
    error_of(httpx.get(f"{live_service.base_url}/pki/ocsp/%C3%A9"), 400, "MALFORMED_REQUEST")


def test_an_unknown_path_and_method(live_service: LiveService) -> None:
    error_of(live_service.client.get("/v1/nothing"), 404, "NOT_FOUND")
    error_of(live_service.client.put("/v1/documents"), 405, "METHOD_NOT_ALLOWED")
