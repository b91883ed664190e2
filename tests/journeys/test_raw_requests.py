"""Requests as no client library sends them: no 5xx, and always the envelope, an id and the rate limit."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pdfs import one_page_pdf
from tests.support.live import LiveService

COUNTED = {
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-tier",
}
LIMIT = 64 * 1024


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def code(self) -> str:
        """The error's, its envelope checked."""
        error: dict[str, Any] = json.loads(self.body)["error"]
        assert error["request_id"] == self.headers["x-request-id"]
        assert error["docs_url"].endswith(f"/errors/{error['code']}")
        assert error["message"]
        return str(error["code"])


@dataclass(frozen=True)
class Wire:
    """Speaks with a key and from an address of its own: what is sent here uses up nobody else's minute."""

    address: tuple[str, int]
    key: str

    def send(self, request: bytes, *, then: bytes = b"") -> Answer:
        """``then`` is sent when the first is; one answer is read, to the end of the connection."""
        with socket.create_connection(
            self.address, timeout=60, source_address=("127.0.0.73", 0)
        ) as connection:
            received = b""
            try:
                connection.sendall(request)
                connection.sendall(then)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before everything was sent
            try:
                while part := connection.recv(65536):
                    received += part
            except ConnectionResetError:
                pass  # what was sent beyond the answer
        return _parsed(received)

    def ask(self, line: bytes, *headers: bytes, body: bytes = b"") -> Answer:
        """With the key, and the connection closed afterwards."""
        head = [line, b"Host: a", b"Connection: close", b"X-API-Key: " + self.key.encode(), *headers]
        return self.send(b"\r\n".join(head) + b"\r\n\r\n" + body)


def _parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    headers = httpx.Headers([(name, value) for name, _, value in pairs])
    return Answer(int(status.split(" ")[1]), headers, body)


def checked(answer: Answer) -> Answer:
    assert answer.status < 500, answer
    assert set(answer.headers) >= COUNTED, answer
    assert re.fullmatch("req_[0-9A-Za-z]{16}", answer.headers["x-request-id"])
    if answer.status >= 400 and answer.body:
        assert answer.code
    return answer


@pytest.fixture(scope="module")
def wire(live_service: LiveService) -> Wire:
    parts = urlsplit(live_service.base_url)
    assert parts.hostname
    assert parts.port
    return Wire((parts.hostname, parts.port), live_service.new_key("wire"))


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PUT", "PROPFIND"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/documents", "GET, POST"),
        ("/v1/documents/doc_0000000000000000", "DELETE, GET"),
        ("/v1/signature-requests/sreq_0000000000000000", "DELETE, GET"),
        ("/v1/validate", "POST"),
    ],
)
def test_a_method_that_a_path_has_not(wire: Wire, method: str, path: str, allowed: str) -> None:
    answer = checked(wire.ask(f"{method} {path} HTTP/1.1".encode()))
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.body == b"" if method == "HEAD" else answer.code == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    "request_id",
    ["%00", "sreq_%00", "%2F", "..%2f..", "%FF%FE", "%", "%zz", "%E2%80%AE", "a\\b", "..;", "%0d%0aX:1"],
)
def test_case_12_an_id_that_is_none(wire: Wire, request_id: str) -> None:
    for path in ("", "/download", f"/signers/{request_id}/verification"):
        answer = checked(wire.ask(f"GET /v1/signature-requests/{request_id}{path} HTTP/1.1".encode()))
        assert answer.status == 404
        assert answer.code in {"SIGNATURE_REQUEST_NOT_FOUND", "NOT_FOUND"}


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/documents/", "/v1/nothing", "/v1//documents", "/v1/../v1"]
)
def test_a_path_that_is_none_is_no_redirect(wire: Wire, path: str) -> None:
    assert checked(wire.ask(f"GET {path} HTTP/1.1".encode(), b"Host: elsewhere.example")).status == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=1&limit=2", 422),
        ("unknown=1&%00=2&&&=", 422),
        ("&&&limit=1&", 200),
        ("limit=", 422),
        ("limit=%00", 422),
        ("limit=1;limit=2", 422),
        ("limit=99999999999999999999999999", 422),
        ("cursor=%00", 400),
        ("cursor=%ff", 400),
        ("cursor=" + "%F0%9F%92%A9" * 500, 422),
    ],
)
def test_queries(wire: Wire, query: str, status: int) -> None:
    assert checked(wire.ask(f"GET /v1/documents?{query} HTTP/1.1".encode())).status == status


def test_a_filter_by_what_is_no_id(wire: Wire) -> None:
    for name in ("request_id", "signer_id"):
        answer = checked(wire.ask(f"GET /v1/sandbox/messages?{name}=a%00b HTTP/1.1".encode()))
        assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize("accept", [b"text/html", b"application/xml", b"", b"*/*;q=0", b"\xff", b"a" * 9000])
def test_errors_are_json_whatever_is_asked_for(wire: Wire, accept: bytes) -> None:
    assert checked(wire.ask(b"GET /v1/documents HTTP/1.1", b"Accept: " + accept)).status == 200
    answer = checked(wire.ask(b"GET /v1/nothing HTTP/1.1", b"Accept: " + accept))
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /v1/documents?cursor=" + b"a" * LIMIT + b" HTTP/1.1\r\n\r\n",
        b"GET /v1/documents HTTP/1.1\r\nX-A: " + b"a" * LIMIT + b"\r\n\r\n",
        b"GET /v1/documents HTTP/1.1\r\n" + b"".join(b"X-%d: 1234567\r\n" % n for n in range(6000)) + b"\r\n",
        b"GET /v1/documents HTTP/1.1\r\nX-A: " + b"a" * 4 * LIMIT,
        b"POST /v1/documents HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: " + b"a" * 4 * LIMIT,
    ],
    ids=["url", "header", "headers", "header-without-end", "trailer"],
)
def test_case_08_a_head_over_the_limit_is_not_taken_in(
    wire: Wire, live_service: LiveService, request_bytes: bytes
) -> None:
    """Of the last one the connection stays open: the answer comes without waiting for its end."""
    answer = checked(wire.send(request_bytes))
    assert answer.status in {400, 401}  # 401 where the application had its answer before the trailer came
    if answer.status == 400:
        assert answer.code == "MALFORMED_REQUEST"
        assert b"exceed 65536 bytes" in answer.body


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"FOO /v1/documents HTTP/1.1\r\n\r\n",
        b"G{T /v1/documents HTTP/1.1\r\n\r\n",
        b"GET /v1/documents HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /v1/a b HTTP/1.1\r\n\r\n",
        b"GET /v1/\xff HTTP/1.1\r\n\r\n",
        b"POST /v1/validate HTTP/1.1\r\nContent-Length: abc\r\n\r\n{}",
        b"POST /v1/validate HTTP/1.1\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /v1/validate HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /v1/validate HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
        b"POST /v1/validate HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=lambda sent: sent[:50].decode("latin-1").replace("\r\n", " "),
)
def test_what_is_no_http_is_told_so_in_the_envelope(wire: Wire, request_bytes: bytes) -> None:
    answer = checked(wire.send(request_bytes))
    assert (answer.status, answer.code) == (400, "MALFORMED_REQUEST")


def test_a_body_that_breaks_off_in_its_chunks(wire: Wire, live_service: LiveService) -> None:
    """The upload was under way; nothing of it stays."""
    head = (
        b"POST /v1/documents HTTP/1.1\r\nX-API-Key: "
        + wire.key.encode()
        + b"\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    )
    part = b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + one_page_pdf()
    answer = checked(wire.send(head + b"%x\r\n%s\r\n" % (len(part), part), then=b"no size\r\n"))
    assert (answer.status, answer.code) == (400, "MALFORMED_REQUEST")
    assert live_service.client.get("/health").status_code == 200


def test_bodies_in_chunks_without_a_length(wire: Wire) -> None:
    headers = (b"Transfer-Encoding: chunked", b"Content-Type: multipart/form-data; boundary=B")
    form = b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + one_page_pdf() + b"\r\n--B--\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (form[:10], form[10:]))
    answer = checked(wire.ask(b"POST /v1/documents HTTP/1.1", *headers, body=chunks + b"0\r\n\r\n"))
    assert answer.status == 201
    too_long = b"[" * (1024 * 1024 + 1)
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(too_long), too_long)
    answer = checked(wire.ask(b"POST /v1/signature-requests HTTP/1.1", headers[0], body=body))
    assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 404), (b" \r\n\t", 404), (b"\x0c", 400), (b"\x0b", 400), (b"\xef\xbb\xbf", 400)],
)
def test_a_body_that_may_be_left_out_is_empty_or_json(wire: Wire, body: bytes, status: int) -> None:
    line = b"DELETE /v1/signature-requests/sreq_0000000000000000 HTTP/1.1"
    assert checked(wire.ask(line, b"Content-Length: %d" % len(body), body=body)).status == status


FORM = (
    b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nA\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: a/b\r\n\r\n'
    b"%PDF-1.7\r\n--B--\r\n"
)
PIECES = [
    b"--B\r\n",
    b"--B--",
    b"\r\n",
    b"\0",
    b'"',
    b"; name*=utf-8''%00",
    b"Content-Disposition: ",
    b"\xff",
    b":",
]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cut=st.tuples(st.integers(0, len(FORM)), st.integers(0, 60)),
    put_in=st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=4),
    chunked=st.booleans(),
)
def test_forms_of_every_broken_form(
    wire: Wire, cut: tuple[int, int], put_in: list[bytes], chunked: bool
) -> None:
    body = FORM[: cut[0]] + b"".join(put_in) + FORM[cut[0] + cut[1] :]
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    content = b"Content-Type: multipart/form-data; boundary=B"
    for path in (b"/v1/documents", b"/v1/validate"):
        answer = checked(wire.ask(b"POST " + path + b" HTTP/1.1", length, content, body=sent))
        assert answer.status in {400, 422}


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    segments=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=4),
    method=st.sampled_from([b"GET", b"DELETE", b"HEAD", b"OPTIONS"]),
)
def test_paths_of_any_characters(wire: Wire, segments: list[str], method: bytes) -> None:
    path = "/".join("".join(f"%{byte:02x}" for byte in segment.encode()) for segment in segments)
    answer = checked(wire.ask(method + b" /v1/documents/x" + path.encode() + b" HTTP/1.1"))
    assert answer.status in {404, 405}
