"""Documents over HTTP: of all types, listed, deleted, previewed."""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import suppress
from typing import Any

import httpx
import pytest
from PIL import Image

from qsignhub.documents.admission import UPLOADS_AT_ONCE
from qsignhub.documents.model import DOCX_TYPE, PDF_TYPE, XLSX_TYPE, XML_TYPE
from tests import pdfs
from tests.documents import office_files as made
from tests.journeys.test_bad_input import error_of, stored_files, upload
from tests.support.live import LiveService
from tests.support.making import SUCCESS, TIMEOUT

XML = "<?xml version='1.0'?><umowa><strona>Zażółć</strona></umowa>".encode()


def preview_of(document: dict[str, Any]) -> Image.Image:
    answer = httpx.get(document["preview_url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.parametrize(
    ("content", "name", "mime_type"),
    [
        pytest.param(pdfs.pages_pdf(2), "a.pdf", PDF_TYPE, id="pdf"),
        pytest.param(made.word(), "a.docx", DOCX_TYPE, id="docx", marks=pytest.mark.office),
        pytest.param(made.sheet(), "a.xlsx", XLSX_TYPE, id="xlsx", marks=pytest.mark.office),
        pytest.param(XML, "a.xml", XML_TYPE, id="xml"),
    ],
)
def test_every_type_is_taken_in_and_shown(
    live_service: LiveService, content: bytes, name: str, mime_type: str
) -> None:
    answer = live_service.client.post(
        "/v1/documents", files={"file": (name, content)}, data={"name": "Umowa", "locale": "pl-PL"}
    )
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert (document["name"], document["mime_type"]) == ("Umowa", mime_type)
    assert document["size_bytes"] == len(content)
    assert document["sha256"] == hashlib.sha256(content).hexdigest()
    assert document["pages"] == (2 if mime_type == PDF_TYPE else 1)
    assert "hazards" not in document
    image = preview_of(document)
    assert max(image.size) == 1000
    assert len(image.convert("1").getcolors() or []) == 2  # ink on paper

    again = live_service.client.get(f"/v1/documents/{document['id']}").json()
    assert again.keys() == document.keys()
    assert all(again[key] == document[key] for key in again if key != "preview_url")


@pytest.mark.office
def test_pages_of_an_office_document_are_shown_to_signers(live_service: LiveService) -> None:
    document = upload(live_service, made.word(200), "a.docx", DOCX_TYPE).json()
    assert document["pages"] > 2
    request = live_service.request(TIMEOUT, document_id=document["id"])
    url = request["signers"][0]["signing_url"]
    kept = httpx.get(f"{url}/document.pdf")
    assert (kept.headers["Content-Type"], kept.content[:2]) == (DOCX_TYPE, b"PK")
    assert kept.headers["Content-Disposition"].endswith(".docx")
    page = httpx.get(f"{url}/pages/{document['pages']}.png")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "image/png")
    assert httpx.get(f"{url}/pages/{document['pages'] + 1}.png").status_code == 404


def test_hazards_are_told(live_service: LiveService) -> None:
    document = upload(live_service, pdfs.signed_pdf()).json()
    assert [hazard["code"] for hazard in document["hazards"]] == ["EXISTING_SIGNATURES"]
    assert live_service.client.get(f"/v1/documents/{document['id']}").json()["hazards"] == document["hazards"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        pytest.param(
            pdfs.one_page_pdf().replace(b"/Catalog", b"/Catalog/OpenAction<</S/Launch>>"),
            "a.pdf",
            "DOCUMENT_UNREADABLE",
            id="case-20",
        ),
        pytest.param(
            made.added(made.word(), "word/vbaProject.bin", b"x"),
            "a.docx",
            "DOCUMENT_ACTIVE_CONTENT",
            id="case-27",
        ),
        pytest.param(
            made.related(made.word(), "attachedTemplate", "http://127.0.0.1:9/x"),
            "a.docx",
            "DOCUMENT_EXTERNAL_CONTENT",
            id="case-27-template",
        ),
        pytest.param(
            made.added(made.word(), "zeros", bytes(60_000_000)), "a.docx", "DOCUMENT_UNREADABLE", id="case-23"
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            "a.xml",
            "DOCUMENT_EXTERNAL_CONTENT",
            id="case-24",
        ),
        pytest.param(made.word(), "a.xlsx", "UNSUPPORTED_DOCUMENT_TYPE", id="case-22"),
        pytest.param(pdfs.zip_archive(), "a.docx", "UNSUPPORTED_DOCUMENT_TYPE", id="case-22-zip"),
        pytest.param(b"<html></html>", "a.xml", "UNSUPPORTED_DOCUMENT_TYPE", id="case-22-html"),
    ],
)
def test_hostile_documents_are_refused_and_leave_nothing(
    live_service: LiveService, content: bytes, name: str, code: str
) -> None:
    before = stored_files(live_service)
    assert error_of(upload(live_service, content, name, ""), 422, code)["field"] == "file"
    assert stored_files(live_service) <= before


def test_the_list_goes_by_pages_from_the_newest(live_service: LiveService) -> None:
    client = live_service.client_of(live_service.new_key("lister"))

    def add() -> str:
        answer = client.post("/v1/documents", files={"file": ("a.pdf", pdfs.one_page_pdf())})
        return str(answer.json()["id"])

    ids = [add() for _ in range(5)]
    first = client.get("/v1/documents", params={"limit": 2}).json()
    assert [document["id"] for document in first["data"]] == [ids[4], ids[3]]
    add()  # what comes meanwhile moves nothing
    second = client.get("/v1/documents", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [document["id"] for document in second["data"]] == [ids[2], ids[1]]
    last = client.get("/v1/documents", params={"limit": 2, "cursor": second["next_cursor"]}).json()
    assert [document["id"] for document in last["data"]] == [ids[0]]
    assert last["next_cursor"] is None
    assert len(client.get("/v1/documents").json()["data"]) == 6

    error_of(
        client.get("/v1/documents", params={"cursor": first["next_cursor"] + "x"}), 400, "INVALID_CURSOR"
    )
    others = live_service.client.get("/v1/documents", params={"cursor": first["next_cursor"]})
    error_of(others, 400, "INVALID_CURSOR")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1.5"])
def test_a_limit_out_of_range_is_named(live_service: LiveService, limit: str) -> None:
    answer = live_service.client.get("/v1/documents", params={"limit": limit})
    assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == "limit"


def test_a_document_is_deleted(live_service: LiveService) -> None:
    document = live_service.upload()
    path = f"/v1/documents/{document['id']}"
    answer = live_service.client.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (live_service.client.get(path), live_service.client.delete(path)):
        error_of(gone, 410, "DOCUMENT_GONE")
    error_of(httpx.get(document["preview_url"]), 410, "DOCUMENT_GONE")
    listed = live_service.client.get("/v1/documents", params={"limit": 100}).json()["data"]
    assert document["id"] not in {found["id"] for found in listed}
    signers = [{"name": "A", "email": SUCCESS}]
    body = {"document_id": document["id"], "signers": signers}
    error_of(live_service.client.post("/v1/signature-requests", json=body), 410, "DOCUMENT_GONE")
    assert not any(document["id"] in file for file in stored_files(live_service))


def test_a_document_in_use_is_not_deleted(live_service: LiveService) -> None:
    request = live_service.request(TIMEOUT)
    answer = live_service.client.delete(f"/v1/documents/{request['document_id']}")
    error_of(answer, 409, "DOCUMENT_IN_USE")
    assert live_service.client.get(f"/v1/documents/{request['document_id']}").status_code == 200


def test_case_29_another_account_s_document_is_not_there(live_service: LiveService) -> None:
    document = live_service.upload()
    stranger = live_service.client_of(live_service.new_key("stranger"))
    for path in (f"/v1/documents/{document['id']}", "/v1/documents/doc_0000000000000000", "/v1/documents/x"):
        error_of(stranger.get(path), 404, "DOCUMENT_NOT_FOUND")
        error_of(stranger.delete(path), 404, "DOCUMENT_NOT_FOUND")


async def test_case_70_a_flood_of_slow_uploads_hurts_only_its_account(live_service: LiveService) -> None:
    flooding = live_service.client_of(live_service.new_key("flooding"))
    host, port = live_service.base_url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/documents HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {flooding.headers['X-API-Key']}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n"
    ).encode()
    # some more than are let in: those places are never free for what is sent beside them
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(2 * UPLOADS_AT_ONCE)]
    for _, writer in streams:
        writer.write(head)
        await writer.drain()

    def send(client: httpx.Client) -> httpx.Response:
        return client.post("/v1/documents", files={"file": ("a.pdf", pdfs.one_page_pdf())})

    async with asyncio.timeout(120):
        while (answer := await asyncio.to_thread(send, flooding)).status_code == 201:
            pass
    assert error_of(answer, 429, "RATE_LIMITED")["retry_after"] == int(answer.headers["Retry-After"])
    assert (await asyncio.to_thread(send, live_service.client)).status_code == 201
    for _, writer in streams:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    async with asyncio.timeout(120):
        while (await asyncio.to_thread(send, flooding)).status_code == 429:
            pass
