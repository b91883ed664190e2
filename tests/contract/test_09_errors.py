"""Section 09: every printed status with the printed error body, and the rate limit's headers on each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from qsignhub.documents.admission import UPLOADS_AT_ONCE
from tests.contract import printed
from tests.contract.world import API, World
from tests.support.making import TIMEOUT

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/signature-requests"
RATE_LIMIT = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Tier"}
_KEY = "550e8400-e29b-41d4-a716-446655440000"


def check_headers(answer: httpx.Response) -> None:
    assert {name for name in RATE_LIMIT if name in answer.headers} == RATE_LIMIT
    for name in RATE_LIMIT - {"X-RateLimit-Tier"}:
        assert answer.headers[name].isdigit()


def check_error(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.headers["Content-Type"] == "application/json"
    given = answer.json()
    assert (answer.status_code, given["error"]["code"]) == (status, code), answer.text
    expected = printed.example("09-error.json")
    expected["error"]["docs_url"] = expected["error"]["docs_url"].replace(expected["error"]["code"], code)
    assert printed.deviations(expected, given) == []
    assert given["error"]["request_id"] == answer.headers["X-Request-Id"]
    check_headers(answer)


async def test_the_printed_error_is_given_word_for_word(world: World) -> None:
    """62.3 MB are announced, and refused before the first byte is taken."""

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    answer = await world.client.post(
        "/v1/documents",
        content=never(),
        headers={
            "Content-Type": "multipart/form-data; boundary=frontier",
            "Content-Length": str(int(62.3 * 2**20)),
        },
    )
    check_error(answer, 413, "DOCUMENT_TOO_LARGE")
    given, expected = answer.json()["error"], printed.example("09-error.json")["error"]
    for name in ("code", "message", "docs_url"):
        assert given[name] == expected[name]


async def test_a_file_over_the_limit_whose_length_is_not_told_is_refused_too(world: World) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        for _ in range(51):
            yield bytes(2**20)
        yield b"\r\n--frontier--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
    answer = await world.client.post("/v1/documents", content=body(), headers=headers)
    check_error(answer, 413, "DOCUMENT_TOO_LARGE")


async def test_200_and_201_carry_the_headers(world: World) -> None:
    answer = await world.client.post("/v1/documents", files={"file": ("a.xml", b"<agreement/>")})
    assert answer.status_code == 201
    check_headers(answer)
    answer = await world.client.get(f"/v1/documents/{answer.json()['id']}")
    assert answer.status_code == 200
    check_headers(answer)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", PATH, b"{", 400, "MALFORMED_JSON"),
        ("POST", "/v1/documents", b"no form", 400, "MALFORMED_UPLOAD"),
        ("GET", f"{PATH}?cursor=tampered", b"", 400, "INVALID_CURSOR"),
        ("GET", f"{PATH}/sreq_0000000000000000", b"", 404, "SIGNATURE_REQUEST_NOT_FOUND"),
        ("GET", "/v1/documents/doc_0000000000000000", b"", 404, "DOCUMENT_NOT_FOUND"),
        ("GET", "/v1/nowhere", b"", 404, "NOT_FOUND"),
        ("PUT", PATH, b"", 405, "METHOD_NOT_ALLOWED"),
        ("POST", PATH, b" " * (2**20 + 1), 413, "BODY_TOO_LARGE"),
        ("POST", PATH, b"{}", 422, "VALIDATION_FAILED"),
        ("GET", f"{PATH}?limit=1000", b"", 422, "VALIDATION_FAILED"),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_as_printed(
    world: World, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    check_error(await world.client.request(method, path, content=body, headers=headers), status, code)


@pytest.mark.parametrize(
    ("key", "code"),
    [("", "API_KEY_MISSING"), ("qsh_test_" + "x" * 32, "API_KEY_INVALID"), ("?", "API_KEY_INVALID")],
)
async def test_401_without_a_valid_key(world: World, key: str, code: str) -> None:
    check_error(await world.client.get(PATH, headers={"X-API-Key": key}), 401, code)


async def test_409_for_an_idempotency_key_used_for_something_else(world: World) -> None:
    headers = {"X-Idempotency-Key": _KEY}
    files = [{"file": ("a.xml", content)} for content in (b"<a/>", b"<b/>")]
    first = await world.client.post("/v1/documents", files=files[0], headers=headers)
    assert first.status_code == 201
    answer = await world.client.post("/v1/documents", files=files[1], headers=headers)
    check_error(answer, 409, "IDEMPOTENCY_KEY_REUSED")


async def test_409_for_a_document_that_is_not_signed_yet(world: World) -> None:
    request_id = (await world.request(TIMEOUT))["id"]
    answer = await world.client.get(f"{PATH}/{request_id}/download")
    check_error(answer, 409, "SIGNATURE_REQUEST_NOT_COMPLETED")


async def test_422_for_a_file_that_cannot_be_signed(world: World) -> None:
    answer = await world.client.post("/v1/documents", files={"file": ("a.exe", b"MZ\x90\x00" + bytes(100))})
    check_error(answer, 422, "UNSUPPORTED_DOCUMENT_TYPE")


async def test_429_when_the_plan_is_used_up(world: World) -> None:
    key = {"X-API-Key": await world.new_key(account="small", tier="sandbox")}
    for _ in range(300):  # the minute may end in between, and another hundred begin
        answer = await world.client.get("/v1/idp/countries", headers=key)
        if answer.status_code != 200:
            break
    check_error(answer, 429, "RATE_LIMITED")
    assert (answer.headers["X-RateLimit-Remaining"], answer.headers["X-RateLimit-Tier"]) == ("0", "sandbox")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_429_for_too_many_uploads_at_once(world: World) -> None:
    begun, over = asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        begun.release()
        await over.wait()
        yield b"--frontier--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
    uploads = [
        asyncio.create_task(world.client.post("/v1/documents", content=slow(), headers=headers))
        for _ in range(UPLOADS_AT_ONCE)
    ]
    for _ in uploads:
        await begun.acquire()
    answer = await world.client.post("/v1/documents", files={"file": ("a.xml", b"<a/>")})
    over.set()
    await asyncio.gather(*uploads)
    check_error(answer, 429, "RATE_LIMITED")


async def test_500_for_what_nobody_expected(world: World) -> None:
    """A table of the database is missing: no part of ours knows what to say to that."""
    database = world.services.database
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE documents RENAME TO mislaid")
    try:
        answer = await world.client.get("/v1/documents/doc_0000000000000000")
    finally:
        async with database.transaction() as tx:
            await tx.execute("ALTER TABLE mislaid RENAME TO documents")
    check_error(answer, 500, "INTERNAL_ERROR")
    assert "mislaid" not in answer.text
    assert "documents" not in answer.json()["error"]["message"]


async def test_the_statuses_of_these_tests_are_the_printed_ones(world: World) -> None:
    shown = {int(line) for line in printed.text("09-statuses.txt").splitlines() if line.isdigit()}
    assert shown == {200, 201, 400, 401, 409, 422, 429, 500}
    assert str(world.client.base_url).startswith(API)
