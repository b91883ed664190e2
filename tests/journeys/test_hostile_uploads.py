"""Hostile documents by HTTP: what acts or locks is refused, a hazard is told, nothing is fetched."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator

import httpx
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.documents.test_pdf_content import _certified as certified
from tests.documents.test_signable import pdf_with
from tests.journeys.test_bad_input import error_of, stored_files, upload
from tests.pdfs import signed_pdf
from tests.support.customer import REQUESTS, Customer, customer, person
from tests.support.live import LiveService
from tests.support.making import SUCCESS

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.fixture(scope="module")
def owner(live_service: LiveService) -> Customer:
    return customer(live_service, "hostile uploads")


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        pytest.param(
            pdf_with("/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
            "a.pdf",
            "DOCUMENT_ACTIVE_CONTENT",
            id="case-16-javascript",
        ),
        pytest.param(
            pdf_with("/OpenAction << /S /Launch /F (cmd.exe) >>"),
            "a.pdf",
            "DOCUMENT_ACTIVE_CONTENT",
            id="case-16-launch",
        ),
        pytest.param(
            pdf_with("/AcroForm << /Fields [] /XFA (<xdp/>) >>"),
            "a.pdf",
            "DOCUMENT_DYNAMIC_FORM",
            id="case-17-xfa",
        ),
        pytest.param(
            certified("<< /P 1 /V /1.2 >>"), "a.pdf", "DOCUMENT_LOCKED", id="case-19-no-change-allowed"
        ),
        pytest.param(
            f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]><a>&l9;</a>'.encode(),
            "a.xml",
            None,
            id="case-25-billion-laughs",
        ),
    ],
)
def test_what_acts_locks_or_swells_is_refused(
    live_service: LiveService, owner: Customer, content: bytes, name: str, code: str | None
) -> None:
    before = stored_files(live_service)
    answer = owner.client.post("/v1/documents", files={"file": (name, content)})
    error = error_of(answer, 422, code or answer.json()["error"]["code"])
    assert error["field"] == "file"
    assert error["code"].startswith("DOCUMENT_")
    assert stored_files(live_service) <= before


def test_case_28_layers_are_told_when_uploaded_and_before_people_are_asked(owner: Customer) -> None:
    layers = pdf_with("/OCProperties << /OCGs [<< /Type /OCG /Name (Overlay) >>] /D << >> >>")
    document = owner.upload(layers)
    assert [hazard["code"] for hazard in document["hazards"]] == ["OPTIONAL_CONTENT"]
    plan = owner.ask_for(person(), document_id=document["id"], dry_run=True).json()
    assert plan["hazards"] == document["hazards"]


def test_case_18_an_earlier_signature_stays_valid_under_ours(owner: Customer) -> None:
    original = signed_pdf()
    request = owner.request(person(SUCCESS), document_id=owner.upload(original)["id"])
    owner.wait_for(request["id"])
    signed = owner.client.get(f"{REQUESTS}/{request['id']}/download").content
    assert signed.startswith(original), "ours is an update behind what was there"
    earlier, ours = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures
    assert earlier.byte_range == PdfFileReader(io.BytesIO(original)).embedded_regular_signatures[0].byte_range
    report = owner.client.post("/v1/validate", files={"file": ("signed.pdf", signed)}).json()
    by_field = {signature["field"]: signature for signature in report["signatures"]}
    assert by_field.keys() == {earlier.field_name, ours.field_name}
    assert all(signature["document_integrity"] for signature in report["signatures"])
    assert by_field[ours.field_name]["indication"] == "TOTAL-PASSED"
    assert by_field[earlier.field_name]["certificate_valid"] is False, "nobody vouches for that signer"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of this machine that hears of every connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.mark.parametrize(
    ("content", "accepted"),
    [
        ('<?xml-stylesheet href="{address}/a.xsl" type="text/xsl"?><a/>', True),
        ('<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="{address}/b"/></a>', True),
        (
            '<a xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="u {address}/a.xsd"/>',
            True,
        ),
        ('<!DOCTYPE a SYSTEM "{address}/a.dtd"><a/>', False),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "{address}/x"> %x;]><a/>', False),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "{address}/x">]><a>&x;</a>', False),
    ],
    ids=["stylesheet", "xinclude", "schema", "dtd", "parameter-entity", "case-24-entity"],
)
def test_case_24_26_nothing_that_a_document_names_is_fetched(
    owner: Customer, listener: socket.socket, content: str, accepted: bool
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    form = {"file": ("a.xml", content.replace("{address}", address).encode())}
    answer = owner.client.post("/v1/documents", files=form)
    if accepted:
        assert answer.status_code == 201, answer.text
        assert httpx.get(answer.json()["preview_url"]).status_code == 200
        request = owner.request(person(SUCCESS), document_id=answer.json()["id"])
        owner.wait_for(request["id"])
    else:
        error_of(answer, 422, "DOCUMENT_EXTERNAL_CONTENT")
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_case_22_one_s_own_name_for_the_type_changes_nothing(live_service: LiveService) -> None:
    html = b"<html><script>alert(1)</script></html>"
    for name, kind in (("a.pdf", "application/pdf"), ("a.xml", "text/html"), ("a.html", "application/xml")):
        error_of(upload(live_service, html, name, kind), 422, "UNSUPPORTED_DOCUMENT_TYPE")
