"""What a request may ask for: levels and their identity checks, formats, places, deadlines, dry runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from qsignhub.bootstrap import Services
from qsignhub.foundation.clock import iso
from tests.api.serving import application, asking, new_key
from tests.documents import office_files
from tests.journeys.test_bad_input import error_of
from tests.pdfs import signed_pdf
from tests.support.customer import REQUESTS, Customer, customer, person
from tests.support.live import LiveService
from tests.support.making import SUCCESS, make_document, make_scope

PHONE = "+48500123456"
XML = b"<contract><party>Anna</party></contract>"
FIELD = {"signer_index": 0, "page": 1, "x": 72, "y": 640, "width": 200, "height": 80}
NOT_A_RULE = ("rate_windows", "api_keys")


@pytest.fixture(scope="module")
def owner(live_service: LiveService) -> Customer:
    return customer(live_service, "request terms")


@pytest.fixture(scope="module")
def pdf(owner: Customer) -> str:
    return str(owner.upload()["id"])


@pytest.mark.parametrize(
    ("level", "given", "method", "status"),
    [
        ("qes", {}, "video_id", "pending_verification"),
        ("qes", {"identity_verification": {"method": "bank_id"}}, "bank_id", "pending_verification"),
        ("qes", {"identity_verification": {"country": "PL"}}, "video_id", "pending_verification"),
        ("aes", {"phone": PHONE}, "sms_otp", "pending_verification"),
        ("aes", {"identity_verification": {"method": "eidas_idp"}}, "eidas_idp", "pending_verification"),
        ("ses", {}, None, "pending_signature"),
        ("ses", {"phone": PHONE, "identity_verification": {"method": "sms_otp"}}, "sms_otp", None),
    ],
)
def test_a_level_has_its_identity_check(
    owner: Customer, pdf: str, level: str, given: dict[str, Any], method: str | None, status: str | None
) -> None:
    request = owner.request(person(**given), signature_type=level, document_id=pdf)
    assert request["signers"][0]["status"] == (status or "pending_verification")
    assert owner.verification(request)["method_used"] == method
    page = httpx.get(request["signers"][0]["signing_url"]).text
    assert ('/identify"' in page) is (method is not None)
    assert ('/sign"' in page) is (method is None), "a simple signature is offered at once"


def test_qes_is_the_level_if_no_other_is_asked_for(owner: Customer, pdf: str) -> None:
    request = owner.request(person(), document_id=pdf)
    assert (request["signature_type"], request["signing_order"]) == ("qes", "parallel")
    created, over = (datetime.fromisoformat(request[name]) for name in ("created_at", "expires_at"))
    assert over - created == timedelta(days=30)


def test_a_code_by_sms_is_no_way_to_qes_and_needs_a_phone(owner: Customer, pdf: str) -> None:
    too_weak = person(phone=PHONE, identity_verification={"method": "sms_otp"})
    error = error_of(owner.ask_for(too_weak, document_id=pdf), 422, "IDENTITY_METHOD_TOO_WEAK")
    assert error["field"] == "signers.0.identity_verification.method"
    answer = owner.ask_for(person(phone=PHONE), person(), signature_type="aes", document_id=pdf)
    assert error_of(answer, 422, "PHONE_REQUIRED")["field"] == "signers.1.phone"


def test_everything_that_is_wrong_is_told_at_once(owner: Customer, pdf: str) -> None:
    answer = owner.ask_for(
        person(identity_verification={"method": "sms_otp", "document_number": "NONE00000"}),
        person(identity_verification={"document_number": "NONE00001"}),
        document_id=pdf,
        expires_at="2020-01-01T00:00:00Z",
        fields=[FIELD | {"x": 590}, FIELD | {"signer_index": 5}, FIELD | {"page": 2, "signer_index": 1}],
    )
    error = error_of(answer, 422, "EXPIRY_IN_THE_PAST")
    assert [(problem["field"], problem["code"]) for problem in error["fields"]] == [
        ("expires_at", "EXPIRY_IN_THE_PAST"),
        ("fields.0.width", "FIELD_OUTSIDE_DOCUMENT"),
        ("fields.1.signer_index", "FIELD_OUTSIDE_DOCUMENT"),
        ("fields.2.page", "FIELD_OUTSIDE_DOCUMENT"),
        ("signers.0.identity_verification.method", "IDENTITY_METHOD_TOO_WEAK"),
        ("signers.0.phone", "PHONE_REQUIRED"),
        ("signers.0.identity_verification.document_number", "UNKNOWN_TEST_DOCUMENT"),
        ("signers.1.identity_verification.document_number", "UNKNOWN_TEST_DOCUMENT"),
    ]
    assert all(problem["message"] for problem in error["fields"])


def test_every_malformed_field_is_told_at_once(owner: Customer, pdf: str) -> None:
    answer = owner.ask_for(
        {"name": "", "email": "nobody", "phone": "0048", "locale": "!", "order": 0},
        document_id=pdf,
        signature_type="best",
        signing_order="any",
        format="pdf",
        redirect_url="javascript:alert(1)",
        expires_at="tomorrow",
        fields=[FIELD | {"width": 0, "height": -1, "type": "stamp"}],
        metadata=[],
    )
    error = error_of(answer, 422, "VALIDATION_FAILED")
    assert {problem["field"] for problem in error["fields"]} == {
        *(f"signers.0.{name}" for name in ("name", "email", "phone", "locale", "order")),
        *("signature_type", "signing_order", "format", "redirect_url", "expires_at", "metadata"),
        *(f"fields.0.{name}" for name in ("width", "height", "type")),
    }


@pytest.mark.parametrize(
    ("changed", "at_fault"),
    [
        ({"x": 596}, "x"),
        ({"x": 400}, "width"),
        ({"width": 600}, "width"),
        ({"y": 843}, "y"),
        ({"y": 800}, "height"),
        ({"height": 900}, "height"),
        ({"page": 2}, "page"),
        ({"signer_index": 1}, "signer_index"),
    ],
)
def test_a_field_off_the_page_is_refused_and_says_where(
    owner: Customer, pdf: str, changed: dict[str, int], at_fault: str
) -> None:
    answer = owner.ask_for(person(), document_id=pdf, fields=[FIELD | changed])
    error = error_of(answer, 422, "FIELD_OUTSIDE_DOCUMENT")
    assert error["field"] == f"fields.0.{at_fault}"


def test_fields_touch_but_do_not_overlap(owner: Customer, pdf: str) -> None:
    def ask(**place: float) -> httpx.Response:
        fields = [FIELD, FIELD | {"signer_index": 1} | place]
        return owner.ask_for(person(), person(), document_id=pdf, fields=fields, dry_run=True)

    answer = ask(x=271, y=719)
    assert error_of(answer, 422, "FIELDS_OVERLAP")["field"] == "fields.1.x"
    assert ask(x=272, y=640).status_code == ask(x=72, y=720).status_code == 200


def test_marks_and_reasons_are_kept_and_planned(owner: Customer, pdf: str) -> None:
    asked: dict[str, Any] = {"document_id": pdf, "summary_mark": True, "signature_type": "ses"}
    signer = person(reason="Approved by the board")
    assert owner.ask_for(signer, dry_run=True, **asked).json()["summary_mark"] is True
    request = owner.ask_for(signer, **asked).json()
    assert request["summary_mark"] is True
    assert request["signers"][0]["reason"] == "Approved by the board"
    plain = owner.request(person(), document_id=pdf, signature_type="ses")
    assert plain["summary_mark"] is False
    assert "reason" not in plain["signers"][0]


def test_only_pades_marks_a_page(owner: Customer, pdf: str) -> None:
    answer = owner.ask_for(person(), document_id=pdf, format="cades", summary_mark=True)
    assert error_of(answer, 422, "SUMMARY_MARK_NOT_POSSIBLE")["field"] == "summary_mark"


def test_a_field_may_fill_the_page_to_its_edges(owner: Customer, pdf: str) -> None:
    whole = FIELD | {"x": 0, "y": 0, "width": 595, "height": 842}
    request = owner.request(person(), document_id=pdf, fields=[whole])
    assert request["fields"] == [whole | {"type": "signature"}]


@pytest.mark.parametrize(
    ("name", "content", "asked", "outcome"),
    [
        ("a.pdf", None, None, "pades"),
        ("a.pdf", None, "cades", "cades"),
        ("a.pdf", None, "xades", "FORMAT_NOT_POSSIBLE"),
        ("a.xml", XML, None, "xades"),
        ("a.xml", XML, "cades", "cades"),
        ("a.xml", XML, "pades", "FORMAT_NOT_POSSIBLE"),
        pytest.param("a.docx", office_files.word(1), None, "cades", marks=pytest.mark.office),
        pytest.param("a.docx", office_files.word(2), "pades", "pades", marks=pytest.mark.office),
        pytest.param(
            "a.docx", office_files.word(3), "xades", "FORMAT_NOT_POSSIBLE", marks=pytest.mark.office
        ),
    ],
)
def test_a_format_fits_the_type_or_is_refused(
    owner: Customer, name: str, content: bytes | None, asked: str | None, outcome: str
) -> None:
    document = owner.upload(content, name)["id"]
    wanted: dict[str, Any] = {"format": asked} if asked else {}
    answer = owner.ask_for(person(), document_id=document, **wanted)
    if outcome == "FORMAT_NOT_POSSIBLE":
        assert error_of(answer, 422, outcome)["field"] == "format"
    else:
        assert (answer.status_code, answer.json()["format"]) == (201, outcome)
    if outcome in {"cades", "xades"}:
        answer = owner.ask_for(person(), document_id=document, format=outcome, fields=[FIELD])
        assert error_of(answer, 422, "FIELDS_NOT_POSSIBLE")["field"] == "fields"


def test_metadata_is_kept_up_to_sixteen_kibibytes(owner: Customer, pdf: str) -> None:
    frame = len('{"k": ""}')
    fitting = {"k": "ż" * ((16 * 1024 - frame) // 2)}
    request = owner.request(person(), document_id=pdf, metadata=fitting)
    assert owner.get(request["id"])["metadata"] == fitting
    answer = owner.ask_for(person(), document_id=pdf, metadata={"k": fitting["k"] + "żż"})
    assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == "metadata"


def test_a_deadline_is_in_the_future_and_within_retention(owner: Customer) -> None:
    document = owner.upload()
    kept_until = datetime.fromisoformat(document["expires_at"])
    within, beyond = kept_until - timedelta(seconds=1), kept_until + timedelta(seconds=1)
    past = datetime.now(UTC) - timedelta(seconds=1)
    for moment, code in ((beyond, "EXPIRY_BEYOND_RETENTION"), (past, "EXPIRY_IN_THE_PAST")):
        answer = owner.ask_for(person(), document_id=document["id"], expires_at=iso(moment))
        assert error_of(answer, 422, code)["field"] == "expires_at"
    request = owner.request(person(), document_id=document["id"], expires_at=within.isoformat())
    assert request["expires_at"] == iso(within)


def test_without_a_deadline_it_never_outlives_the_document(live_service: LiveService) -> None:
    owner = customer(live_service, "late request")
    document = owner.upload()
    owner.advance(days=80)
    request = owner.request(person(), document_id=document["id"])
    assert request["expires_at"] == document["expires_at"]


def rows(conninfo: str) -> dict[str, int]:
    """How many rows there are in every table but those that count requests and uses of keys."""
    with psycopg.connect(conninfo) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # type: ignore[index]
            for (name,) in names
            if name not in NOT_A_RULE
        }


@pytest.mark.parametrize("level", ["qes", "aes", "ses"])
async def test_a_dry_run_tells_and_stores_nothing(services: Services, conninfo: str, level: str) -> None:
    """No worker is there that could hide a job by doing it."""
    document = await make_document(services, await make_scope(services))
    body = {
        "document_id": document.id,
        "signature_type": level,
        "signing_order": "sequential",
        "signers": [person(SUCCESS, phone=PHONE), person(phone=PHONE, order=5)],
        "fields": [FIELD],
    }
    async with asking(application(services), key=await new_key(services)) as client:
        before = rows(conninfo)
        answer = await client.post(REQUESTS, params={"dry_run": "true"}, json=body)
        assert rows(conninfo) == before
        made = await client.post(REQUESTS, params={"dry_run": "false"}, json=body)
    assert rows(conninfo) != before, "the real one is stored"
    assert (answer.status_code, made.status_code) == (200, 201)
    plan = answer.json()
    assert plan["dry_run"] is True
    assert (plan["document_id"], plan["format"], plan["hazards"]) == (document.id, "pades", [])
    assert plan["expires_at"][:13] == made.json()["expires_at"][:13]
    expected = "aes" if level == "qes" else level
    for signer, first in zip(plan["signers"], (True, False), strict=True):
        assert (signer["level_requested"], signer["level_expected"]) == (level, expected)
        assert (signer["reason"] is not None) is (level == "qes")
        assert signer["invited_at_once"] is first
        assert signer["identity_method"] == {"qes": "video_id", "aes": "sms_otp", "ses": None}[level]


def test_a_dry_run_shows_hazards_and_refuses_what_would_be_refused(owner: Customer) -> None:
    document = owner.upload(signed_pdf())["id"]
    answer = owner.ask_for(person(), document_id=document, dry_run=True)
    assert [hazard["code"] for hazard in answer.json()["hazards"]] == ["EXISTING_SIGNATURES"]
    answer = owner.ask_for(person(), document_id=document, dry_run=True, fields=[FIELD | {"page": 9}])
    error_of(answer, 422, "FIELD_OUTSIDE_DOCUMENT")
    answer = owner.ask_for(person(), document_id="doc_0000000000000000", dry_run=True)
    error_of(answer, 404, "DOCUMENT_NOT_FOUND")
    body = {"document_id": document, "signers": [person()]}
    maybe = owner.client.post(REQUESTS, params={"dry_run": "maybe"}, json=body)
    assert error_of(maybe, 422, "VALIDATION_FAILED")["field"] == "dry_run"


def test_a_country_is_one_and_has_an_identity_provider_where_one_is_asked(owner: Customer, pdf: str) -> None:
    def ask(**identity: str) -> httpx.Response:
        return owner.ask_for(person(identity_verification=identity), document_id=pdf)

    field = "signers.0.identity_verification.country"
    assert error_of(ask(country="XX"), 422, "VALIDATION_FAILED")["field"] == field
    assert error_of(ask(method="eidas_idp", country="US"), 422, "COUNTRY_NOT_COVERED")["field"] == field
    assert ask(method="eidas_idp", country="PL").status_code == 201
    assert ask(method="video_id", country="US").status_code == 201


@pytest.mark.parametrize("query", ["dryrun=true", "dry_run=true&dry_run=false", "dry_run=true&a%00b=1"])
def test_case_07_a_query_parameter_that_is_not_known_or_stands_twice(
    owner: Customer, pdf: str, query: str
) -> None:
    body = {"document_id": pdf, "signers": [person()]}
    answer = owner.client.post(f"/v1/signature-requests?{query}", json=body)
    named = {"dryrun=true": "dryrun", "dry_run=true&dry_run=false": "dry_run"}.get(query, "a\0b")
    assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == named
    assert owner.client.get(f"/v1/signature-requests/sreq_none?{query}").status_code == 422
