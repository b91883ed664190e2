"""Secrets and persons go through the whole service, and into none of its logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.conftest import free_port
from tests.pdfs import one_page_pdf
from tests.support.live import LiveService, running

EMAIL = "zofia.nadolna@geheim-example.com"
NAME = "Zofia Nadolna-Wiśniewska"
PHONE = "+48600700811"
DOCUMENT_NUMBER = "AZE123456"
UNKNOWN_NUMBER = "QQZ987654"
TITLE = "Umowa kredytowa Nadolna"
METADATA = "metadata-2f9c1b7d"
HOOK = "hook-5e7d2c91"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """One of its own, at the level that tells most."""
    folder = tmp_path_factory.mktemp("logged")
    with running(folder, free_port(), environment={"QSIGNHUB_LOG_LEVEL": "DEBUG"}) as service:
        yield service


@pytest.fixture
def refusing_receiver() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/{HOOK}"
    server.shutdown()
    server.server_close()


def journey(service: LiveService, hook: str) -> list[str]:
    """Everything once, right and wrong; returns what must not be told."""
    secret = service.command("webhooks", "add", "--url", hook)
    client = service.client
    document = client.post(
        "/v1/documents", files={"file": (f"{TITLE}.pdf", one_page_pdf())}, data={"name": TITLE}
    ).json()
    signer = {"name": NAME, "email": EMAIL, "phone": PHONE}
    body = {"document_id": document["id"], "signers": [signer], "metadata": {"deal": METADATA}}
    created = client.post("/v1/signature-requests", json=body).json()
    link, url = created["signing_url"], created["signers"][0]["signing_url"]
    httpx.get(document["preview_url"])
    httpx.get(link)
    httpx.get(url)
    httpx.get(f"{url}/", follow_redirects=True)
    httpx.get(f"{url}/pages/1.png")
    httpx.get(f"{url}/nothing/{DOCUMENT_NUMBER}")
    service.sign(url)
    service.identify(url, UNKNOWN_NUMBER)
    service.identify(url, DOCUMENT_NUMBER)
    service.sign(url)
    done = service.wait_for(created["id"])
    service.sign(url)
    httpx.get(done["signed_document_url"])
    service.validate(service.download(created["id"]))

    # what goes wrong
    broken = client.post("/v1/signature-requests", content=f'{{"signers": "{EMAIL}'.encode())
    assert broken.status_code == 400
    refused = client.post("/v1/signature-requests", json=body | {EMAIL: NAME, "signers": [{"phone": PHONE}]})
    assert refused.status_code == 422
    client.post("/v1/documents", files={"file": (f"{TITLE}.pdf", b"%PDF-1.7 " + EMAIL.encode())})
    client.get(f"/v1/{EMAIL}/{PHONE}")
    httpx.get(f"{service.base_url}/v1/documents", headers={"X-API-Key": f"{service.api_key}x"})
    httpx.get(f"{service.base_url}/s/{EMAIL}")

    (signature,) = parse_qs(urlsplit(done["signed_document_url"]).query)["signature"]
    tokens = [link.rsplit("/", 1)[1], url.rsplit("/", 1)[1]]
    tokens += [created["embed_token"], created["embed_token"].rsplit(".", 1)[1]]
    keys = [service.api_key, secret, secret.removeprefix("whsec_"), signature]
    persons = [EMAIL, NAME, NAME.upper(), "Nadolna", PHONE, PHONE[1:], DOCUMENT_NUMBER, UNKNOWN_NUMBER]
    return [*tokens, *keys, *persons, TITLE, METADATA, HOOK]


def logs_of(service: LiveService) -> dict[Path, str]:
    found = {path: path.read_text(errors="replace") for path in service.data_dir.rglob("*.log")}
    assert service.data_dir / "service.log" in found
    return found


def test_no_secret_and_no_person_is_in_any_log(service: LiveService, refusing_receiver: str) -> None:
    secrets = journey(service, refusing_receiver)
    for path, text in logs_of(service).items():
        folded = text.casefold()
        escaped = text.encode().decode("unicode_escape", "replace").casefold()
        for secret in secrets:
            assert len(secret) >= 7
            assert secret.casefold() not in folded, f"{secret} in {path.name}"
            assert secret.casefold() not in escaped, f"{secret} in {path.name}"

    lines = [json.loads(line) for line in logs_of(service)[service.data_dir / "service.log"].splitlines()]
    access = [line for line in lines if line["logger"] == "qsignhub.access"]
    assert all(line["request_id"].startswith("req_") for line in access)
    told = {(line["method"], line["route"], line["status"]) for line in access}
    assert told >= {
        ("POST", "/v1/documents", 201),
        ("POST", "/v1/signature-requests", 201),
        ("POST", "/v1/signature-requests", 422),
        ("GET", "/s/{token}", 200),
        ("GET", "/r/{token}", 303),
        ("POST", "/s/{token}/identify", 303),
        ("POST", "/s/{token}/sign", 303),
        ("GET", "/docs/{request_id}/signed.{suffix}", 200),
        ("GET", "unmatched", 404),
    }
    jobs = [line for line in lines if line.get("job") == "ceremonies.sign"]
    assert any(line["message"] == "job done" and line["duration_ms"] > 0 for line in jobs)
    assert all(line["job_id"].isdigit() for line in jobs)
