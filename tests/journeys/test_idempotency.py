"""One POST, one effect: X-Idempotency-Key, by HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import free_port
from tests.pdfs import one_page_pdf
from tests.support.live import LiveService, running, wait_until_ready
from tests.support.making import TIMEOUT

REPLAYED = "Idempotent-Replayed"


def create(
    service: LiveService, key: str, path: str = "/v1/signature-requests", **fields: Any
) -> httpx.Response:
    body = {"document_id": "doc_0000000000000000", "signers": [{"name": "A", "email": TIMEOUT}], **fields}
    return service.client.post(path, json=body, headers={"X-Idempotency-Key": key})


def error_code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def fresh() -> str:
    return str(uuid.uuid4())


def test_the_same_request_is_answered_with_the_same_bytes(live_service: LiveService) -> None:
    key, document_id = fresh(), live_service.upload()["id"]
    first = create(live_service, key, document_id=document_id)
    again = create(live_service, key, document_id=document_id)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]


def test_case_09_another_body_is_refused_and_has_no_effect(live_service: LiveService) -> None:
    key, document_id = fresh(), live_service.upload()["id"]
    assert create(live_service, key, document_id=document_id).status_code == 201
    other = create(live_service, key, document_id=document_id, metadata={"a": 1})
    assert (other.status_code, error_code(other)) == (409, "IDEMPOTENCY_KEY_REUSED")
    fresh_one = create(live_service, fresh(), document_id=document_id, metadata={"a": 1})
    assert fresh_one.status_code == 201


def test_a_caller_s_error_is_an_answer_too(live_service: LiveService) -> None:
    key = fresh()
    first, again = create(live_service, key), create(live_service, key)
    assert (first.status_code, error_code(first)) == (404, "DOCUMENT_NOT_FOUND")
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"


def test_what_was_refused_unread_can_be_mended_under_the_same_key(live_service: LiveService) -> None:
    key, document_id = fresh(), live_service.upload()["id"]
    assert create(live_service, key, document_id=document_id, colour="red").status_code == 422
    assert create(live_service, key, document_id=document_id).status_code == 201


def test_accounts_and_worlds_have_keys_of_their_own(live_service: LiveService) -> None:
    key, document_id = fresh(), live_service.upload()["id"]
    assert create(live_service, key, document_id=document_id).status_code == 201
    stranger = live_service.client_of(live_service.new_key("stranger"))
    files = {"file": ("a.pdf", one_page_pdf())}
    answer = stranger.post("/v1/documents", files=files, headers={"X-Idempotency-Key": key})
    assert answer.status_code == 201
    assert REPLAYED not in answer.headers


@pytest.mark.parametrize("key", [b"", b"a" * 256, b"tab\there", "żółć".encode()])
def test_case_11_a_key_that_cannot_be_one(live_service: LiveService, key: bytes) -> None:
    answer = live_service.client.post("/v1/signature-requests", json={}, headers={b"X-Idempotency-Key": key})
    assert (answer.status_code, error_code(answer)) == (400, "IDEMPOTENCY_KEY_INVALID")


def test_a_key_of_255_characters_is_one(live_service: LiveService) -> None:
    key = ("k" * 219) + str(uuid.uuid4())
    document_id = live_service.upload()["id"]
    assert create(live_service, key, document_id=document_id).status_code == 201
    assert create(live_service, key, document_id=document_id).headers[REPLAYED] == "true"


def test_an_upload_is_the_same_by_its_content_not_its_boundary(live_service: LiveService) -> None:
    def upload(content: bytes, key: str, name: str = "a.pdf") -> httpx.Response:
        return live_service.client.post(
            "/v1/documents", files={"file": (name, content)}, headers={"X-Idempotency-Key": key}
        )

    key = fresh()
    first, again = upload(one_page_pdf(), key), upload(one_page_pdf(), key)
    assert first.status_code == 201
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"
    assert error_code(upload(one_page_pdf("another"), key)) == "IDEMPOTENCY_KEY_REUSED"


def test_validation_is_replayed_like_any_other_post(live_service: LiveService) -> None:
    def validate(key: str) -> httpx.Response:
        return live_service.client.post(
            "/v1/validate", files={"file": ("a.pdf", one_page_pdf())}, headers={"X-Idempotency-Key": key}
        )

    key = fresh()
    first, again = validate(key), validate(key)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert again.headers[REPLAYED] == "true"


def test_killed_in_mid_request_the_key_is_free_and_nothing_is_done(tmp_path: Path, conninfo: str) -> None:
    """The process dies while its transaction waits, with the key held and the effect not committed."""
    environment = {"QSIGNHUB_DATABASE_URL": conninfo}
    with running(tmp_path, free_port(), environment=environment) as service:
        document_id, key = str(_with_key(service).upload()["id"]), fresh()
        with psycopg.connect(conninfo) as blocking:
            blocking.execute("LOCK TABLE signers IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(httpx.TransportError):
                kill_while_waiting(service, conninfo, key, document_id)
            blocking.rollback()
        wait_until_ready(service.process, service.base_url, service.data_dir / "service.log")
        with psycopg.connect(conninfo) as connection:
            [count] = connection.execute("SELECT count(*) FROM signature_requests").fetchone() or (None,)
        assert count == 0
        answer = create(service, key, document_id=document_id)
        assert answer.status_code == 201, answer.text
        assert REPLAYED not in answer.headers
        assert create(service, key, document_id=document_id).headers[REPLAYED] == "true"


def _with_key(service: LiveService) -> LiveService:
    assert service.client
    return service


def kill_while_waiting(service: LiveService, conninfo: str, key: str, document_id: str) -> None:
    api = subprocess.run(
        ["pgrep", "-P", str(service.process.pid), "-f", "uvicorn"], capture_output=True, text=True, check=True
    )
    body = {"document_id": document_id, "signers": [{"name": "A", "email": TIMEOUT}]}
    killer = subprocess.Popen(
        ["sh", "-c", f"sleep 1.5; kill -{signal.SIGKILL.value} {api.stdout.split()[0]}"], env=dict(os.environ)
    )
    try:
        service.client.post("/v1/signature-requests", json=body, headers={"X-Idempotency-Key": key})
    finally:
        killer.wait()
        time.sleep(0.2)
