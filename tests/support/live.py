"""A running service to test by HTTP, started as an operator starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from qsignhub.foundation.engine import remove_cluster
from tests.pdfs import one_page_pdf

PATIENCE_SECONDS = 60.0


@dataclass
class LiveService:
    base_url: str
    data_dir: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    api_key: str = ""
    clients: list[httpx.Client] = field(default_factory=list)

    @cached_property
    def client(self) -> httpx.Client:
        """Speaks with the service's first key."""
        self.api_key = self.new_key()
        return self.client_of(self.api_key)

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "qsignhub", *arguments, "--data-dir", str(self.data_dir)],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def new_key(self, account: str = "default", mode: str = "test") -> str:
        return self.command("keys", "create", "--mode", mode, "--account", account, "--tier", "enterprise")

    def client_of(self, api_key: str) -> httpx.Client:
        client = httpx.Client(base_url=self.base_url, headers={"X-API-Key": api_key}, timeout=60)
        self.clients.append(client)
        return client

    def upload(self, pdf: bytes | None = None, name: str = "contract.pdf") -> dict[str, Any]:
        answer = self.client.post("/v1/documents", files={"file": (name, pdf or one_page_pdf())})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def request(self, *emails: str, **fields: Any) -> dict[str, Any]:
        """A signature request on a fresh document, one signer an address."""
        signers = [{"name": email.split("@")[0].title(), "email": email} for email in emails]
        document_id = fields.pop("document_id", None) or self.upload()["id"]
        body = {"document_id": document_id, "signers": signers, **fields}
        answer = self.client.post("/v1/signature-requests", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def get(self, request_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/v1/signature-requests/{request_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait_for(self, request_id: str, status: str = "completed") -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self.get(request_id))["status"] != status:
            assert time.monotonic() < deadline, f"still {found}"
            time.sleep(0.05)
        return found

    def wait_for_signer(self, request_id: str, position: int, status: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (signer := self.get(request_id)["signers"][position])["status"] != status:
            assert time.monotonic() < deadline, f"still {signer}"
            time.sleep(0.05)
        return dict(signer)

    def identify(self, signing_url: str, number: str = "AZE123456") -> httpx.Response:
        return httpx.post(f"{signing_url}/identify", data={"document_number": number}, timeout=30)

    def sign(self, signing_url: str) -> httpx.Response:
        return httpx.post(f"{signing_url}/sign", timeout=30)

    def download(self, request_id: str) -> bytes:
        answer = self.client.get(f"/v1/signature-requests/{request_id}/download")
        assert answer.status_code == 200, answer.text
        return answer.content

    def validate(self, pdf: bytes) -> dict[str, Any]:
        answer = self.client.post("/v1/validate", files={"file": ("signed.pdf", pdf)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def root_certificate(self) -> bytes:
        return httpx.get(f"{self.base_url}/pki/root.crt").content


@contextmanager
def running(
    data_dir: Path,
    port: int,
    *,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    keep: bool = False,
) -> Iterator[LiveService]:
    """``keep``: the database stays when the service stops, to be started on again."""
    base_url = f"http://127.0.0.1:{port}"
    variables = {
        **os.environ,
        "QSIGNHUB_WEBHOOK_ALLOW_PRIVATE": "1",
        "QSIGNHUB_JOB_LEASE_SECONDS": "3",
        **(environment or {}),
    }
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "service.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "qsignhub", "serve"),
                *("--data-dir", str(data_dir), "--port", str(port)),
                *options,
            ],
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_ready(process, base_url, log)
            service = LiveService(base_url, data_dir, variables, process)
            yield service
            for client in service.clients:
                client.close()
        finally:
            stop(process)
            if not keep:
                remove_cluster(data_dir)


def wait_until_ready(process: subprocess.Popen[bytes], base_url: str, log: Path) -> float:
    """Seconds until /ready said so."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_SECONDS:
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            if httpx.get(f"{base_url}/ready", timeout=5).status_code == 200:
                return time.monotonic() - begun
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise AssertionError(log.read_text()[-4000:])


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
