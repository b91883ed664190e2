"""Hostile strings, numbers and lengths by HTTP: inert wherever they are taken, refused where they are not."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.journeys.test_bad_input import error_of, stored_files
from tests.pdfs import one_page_pdf
from tests.support.customer import REQUESTS, Customer, customer, database_of, person
from tests.support.live import LiveService
from tests.support.making import TIMEOUT

INERT = [
    "'; DROP TABLE signers; --",
    '" OR ""="',
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "${7*7}{{7*7}}#{7*7}%(x)s{0}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "%0d%0aBcc: victim@company.example",
    "$(touch /tmp/owned)`id`",
    "\\copy signers to '/tmp/owned'",
    '=HYPERLINK("http://127.0.0.1")',
]
BREAKS = [
    "Anna\r\nBcc: victim@company.example",
    "Anna\nX-Injected: 1",
    *("An\x0bna", "An\x7fna", "An\x85na", "An\x1bna"),
]
ADDRESS = re.compile(r"https?://[^\s\"<]+|#[0-9a-f]{6}\b")
"""What may hold any digits: links with their ports and tokens, colours."""
FILE = {"file": ("a.pdf", one_page_pdf())}
BIDI = ["Anna\u202egro.live", "\u2066Anna\u2069", "Anna\u200f", "\u061cAnna", "Anna\u200e"]


@pytest.fixture(scope="module")
def owner(live_service: LiveService) -> Iterator[Customer]:
    """At the end everything is still there, whatever was said."""
    owner = customer(live_service, "'; DROP TABLE accounts; --")
    yield owner
    with psycopg.connect(database_of(live_service)) as connection:
        for table in ("accounts", "signers", "signature_requests", "documents", "events"):
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert found is not None
            assert found[0] > 0


@pytest.mark.parametrize("text", INERT)
def test_case_12_a_string_that_is_taken_is_nothing_but_a_string(owner: Customer, text: str) -> None:
    form = {"file": (text, one_page_pdf(text="x"))}
    document = owner.client.post("/v1/documents", files=form, data={"name": text})
    assert document.status_code == 201, document.text
    assert document.json()["name"] == text
    metadata = {text: [text, {text: text}]}
    request = owner.request(
        person(name=text, locale="en-GB"), document_id=document.json()["id"], metadata=metadata
    )
    assert request["metadata"] == metadata
    assert request["signers"][0]["name"] == text
    signer = request["signers"][0]
    assert owner.remind(request["id"], signer["id"], message=text).status_code == 200
    page = httpx.get(signer["signing_url"])
    assert page.status_code == 200
    assert_inert(page.text, text)
    original = httpx.get(f"{signer['signing_url']}/document.pdf")
    assert "attachment" in original.headers["Content-Disposition"]
    assert not set('/\\"<>\r\n') & set(original.headers["Content-Disposition"].partition("''")[2])
    owner.cancel(request["id"], reason=text)
    told = owner.wait_for_messages(3, request_id=request["id"])
    for message in told:
        assert message["to"] == signer["email"]
        assert "\n" not in message["subject"]
        assert_inert(message["html"], text)
    assert any(text in unescape(message["html"]) for message in told if message["kind"] == "cancellation")


def assert_inert(html: str, text: str) -> None:
    """Shown as it is, and nothing in it acts."""
    assert text in unescape(html)
    if "<" in text:
        assert text not in html
        assert "<img src=x" not in html
    if "7*7" in text:
        assert "49" not in ADDRESS.sub("", html)


@pytest.mark.parametrize("text", [*BREAKS, *BIDI])
def test_case_5_12_what_breaks_or_turns_a_line_is_refused_and_named(owner: Customer, text: str) -> None:
    request = owner.request(person(TIMEOUT))
    document = {"document_id": request["document_id"]}
    signers = {
        "name": person(name=text),
        "email": person(f"{text}@company.example"),
        "phone": person(phone=f"+48500123456{text}"),
        "locale": person(locale=f"en{text}"),
    }
    wrong = [
        *((owner.ask_for(signer, **document), f"signers.0.{name}") for name, signer in signers.items()),
        *((owner.add(request["id"], signer), name) for name, signer in signers.items()),
        (owner.ask_for(person(f"anna@{text}.example"), **document), "signers.0.email"),
        (owner.ask_for(person(), **document, redirect_url=f"https://{text}/"), "redirect_url"),
        (owner.ask_for(person(), **document, redirect_url=f"https://a.example/{text}"), "redirect_url"),
        (owner.client.post("/v1/documents", files=FILE, data={"name": text}), "name"),
    ]
    if "\n" not in text:  # words of the sender's own may have lines
        signer_id = request["signers"][0]["id"]
        wrong += [
            (owner.cancel(request["id"], reason=text), "reason"),
            (owner.remind(request["id"], signer_id, message=text), "message"),
        ]
    for answer, field in wrong:
        assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == field
    now = owner.get(request["id"])
    assert (now["status"], len(now["signers"])) == ("pending", 1)


@pytest.mark.parametrize("text", [*INERT, *BREAKS, *BIDI, "\u0130", "x" * 5000])
def test_case_12_where_only_a_few_words_are_known_others_are_refused(owner: Customer, text: str) -> None:
    """Ids, filters, methods, countries, numbers of documents: nothing that is no such word gets further."""
    signer = person(identity_verification={"document_number": text, "country": text, "method": text})
    answer = owner.ask_for(signer, document_id=text[:100], signature_type=text, format=text)
    assert answer.status_code == 422
    numbered = person(identity_verification={"document_number": text})
    assert owner.ask_for(numbered).status_code == 422
    assert owner.ask_for(person(), document_id=text[:100]).status_code == 404
    for name in ("status", "cursor", "from", "limit"):
        answer = owner.client.get(REQUESTS, params={name: text})
        assert answer.status_code in {400, 422}
        assert answer.json()["error"]["field"] == name
    filtered = owner.client.get("/v1/sandbox/messages", params={"request_id": text[:100]})
    assert error_of(filtered, 422, "VALIDATION_FAILED")["field"] == "request_id"


@pytest.mark.parametrize("name", [*BREAKS[:2], *BIDI, "../../x.pdf", "", " ", "x" * 300 + ".pdf"])
def test_a_file_s_own_name_is_made_plain(owner: Customer, name: str) -> None:
    """It is the client's machine that names it: no reason to refuse the file."""
    answer = owner.client.post("/v1/documents", files={"file": (name or "a.pdf", one_page_pdf())})
    assert answer.status_code == 201, answer.text
    shown = answer.json()["name"]
    assert 0 < len(shown) <= 200
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("9223372036854775808", "NUMBER_OUT_OF_RANGE"),
        ("1e400", "NUMBER_OUT_OF_RANGE"),
        ("NaN", "NUMBER_OUT_OF_RANGE"),
        ("-Infinity", "NUMBER_OUT_OF_RANGE"),
        ("1.5", "VALIDATION_FAILED"),
        ('"1"', "VALIDATION_FAILED"),
        ("true", "VALIDATION_FAILED"),
        ("0", "VALIDATION_FAILED"),
        ("-1", "VALIDATION_FAILED"),
    ],
)
def test_case_6_a_number_that_is_none_is_refused_and_named(owner: Customer, number: str, code: str) -> None:
    signer = f'{{"name": "Anna", "email": "anna@company.example", "order": {number}}}'
    body = f'{{"document_id": "doc_0000000000000000", "signers": [{signer}]}}'
    assert error_of(owner.client.post(REQUESTS, content=body), 422, code)["field"] == "signers.0.order"
    answer = owner.client.post("/v1/test-clock/advance", content=f'{{"seconds": {number}}}')
    assert error_of(answer, 422, code)["field"] == "seconds"


@pytest.mark.parametrize(
    ("method", "path", "kind", "code"),
    [
        ("POST", "/v1/documents", "multipart/form-data; boundary=b", "DOCUMENT_TOO_LARGE"),
        ("POST", "/v1/validate", "multipart/form-data; boundary=b", "DOCUMENT_TOO_LARGE"),
        ("POST", REQUESTS, "application/json", "BODY_TOO_LARGE"),
        ("DELETE", f"{REQUESTS}/sreq_0000000000000000", "application/json", "BODY_TOO_LARGE"),
        ("POST", f"{REQUESTS}/sreq_0000000000000000/signers", "application/json", "BODY_TOO_LARGE"),
        ("POST", "/v1/test-clock/advance", "application/json", "BODY_TOO_LARGE"),
    ],
)
def test_case_8_a_body_that_says_it_is_too_long_is_refused_before_it_comes(
    live_service: LiveService, owner: Customer, method: str, path: str, kind: str, code: str
) -> None:
    before = stored_files(live_service)
    for length in (66 * 1024 * 1024, 10**15):
        head, body = send_head(
            live_service, owner, method, path, {"Content-Type": kind, "Content-Length": str(length)}
        )
        assert head.startswith("HTTP/1.1 413 "), head
        assert f'"code":"{code}"' in body
    assert stored_files(live_service) <= before


def test_case_8_a_body_that_does_not_say_so_is_cut_at_the_limit(
    live_service: LiveService, owner: Customer
) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"document_id": "'
        for _ in range(1024):
            yield b"x" * 4096

    answer = owner.client.post(REQUESTS, content=endless())
    error_of(answer, 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "5, 6", "\u0665"])
def test_case_8_a_length_that_is_none_is_refused(
    live_service: LiveService, owner: Customer, length: str
) -> None:
    head, _ = send_head(
        live_service, owner, "POST", REQUESTS, {"Content-Type": "application/json", "Content-Length": length}
    )
    assert head.startswith("HTTP/1.1 400 "), head


def send_head(
    service: LiveService, owner: Customer, method: str, path: str, headers: dict[str, str]
) -> tuple[str, str]:
    """Sends no byte of a body, and gives the answer: it can only have been made without one."""
    parts = urlsplit(service.base_url)
    all_headers = {"Host": parts.netloc, "X-API-Key": owner.client.headers["X-API-Key"], **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items())]
    address = str(parts.hostname), int(parts.port or 80)
    # from an address of its own: what cannot be read is counted with what has no key
    with socket.create_connection(address, timeout=30, source_address=("127.0.4.3", 0)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer or not complete(answer):
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    head, _, body = answer.decode().partition("\r\n\r\n")
    return head, body


def complete(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].partition(b":")[2])


def test_case_31_a_link_that_has_done_its_work_does_nothing_more(
    live_service: LiveService, owner: Customer
) -> None:
    request = owner.request(person(), person(TIMEOUT))
    url = request["signers"][0]["signing_url"]
    live_service.identify(url)
    live_service.sign(url)
    signed = owner.wait_for_signer(request["id"], "signed")
    found: dict[str, Any] = owner.verification(request)
    for again in (
        live_service.sign(url),
        live_service.identify(url),
        live_service.identify(url, "FAIL000001"),
    ):
        assert again.status_code == 410
        assert 'data-state="signed"' in again.text, "it tells what was done"
    assert httpx.get(url).status_code == 200
    assert owner.get(request["id"])["signers"][0] == signed
    assert owner.verification(request) == found


@pytest.mark.parametrize(
    "phone", ["+48\u0665\u0660\u0660123456", "48500123456", "+0500123456", "+48 500 123 456", "+" + "9" * 16]
)
def test_a_phone_number_is_one_of_e_164(owner: Customer, phone: str) -> None:
    answer = owner.ask_for(person(phone=phone))
    assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == "signers.0.phone"
