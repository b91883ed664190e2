"""Sandbox QTSPs in this process, served by uvicorn on loopback, and requests to them."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.sandbox_qtsp.app import application
from qsignhub.sandbox_qtsp.qtsp import Qtsp, open_qtsp
from tests.conftest import free_port

SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
DIGEST = hashlib.sha256(b"a document").digest()
OTHER_DIGEST = hashlib.sha256(b"another document").digest()


class MovedClock(SystemClock):
    """The real time, moved by what a test says."""

    def __init__(self) -> None:
        self.clock = SettableClock(datetime.now(UTC))
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=time.monotonic() - self._began)


@dataclass
class Box:
    url: str
    qtsp: Qtsp
    clock: MovedClock
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    def post(self, method: str, content: Any, token: str | None = None, version: int = 2) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.http.post(f"{self.url}/csc/v{version}/{method}", json=content, headers=headers)

    def service_token(self, version: int = 2) -> str:
        answer = self.http.post(
            f"{self.url}/csc/v{version}/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.qtsp.client_id,
                "client_secret": self.qtsp.client_secret,
            },
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def user(self, **wanted: Any) -> str:
        """The id of a new user's credential."""
        content = {
            "user_id": "u@example.com",
            "name": "Ursula Unger",
            "country": "AT",
            "pin": "1234",
        } | wanted
        answer = self.http.post(f"{self.url}/sandbox/users", json=content)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["credential_id"])

    def certificate(self, credential: str, token: str) -> x509.Certificate:
        answer = self.post("credentials/info", {"credentialID": credential}, token).json()
        return x509.load_der_x509_certificate(base64.b64decode(answer["cert"]["certificates"][0]))

    def authorize(self, credential: str, token: str, *digests: bytes, **more: Any) -> httpx.Response:
        content = {
            "credentialID": credential,
            "numSignatures": len(digests),
            "hashes": encoded(*digests),
            "hashAlgorithmOID": SHA256,
            "authData": [{"id": "PIN", "value": "1234"}],
        }
        return self.post("credentials/authorize", content | more, token)

    def sign(
        self, credential: str, token: str, sad: str | None, *digests: bytes, **more: Any
    ) -> httpx.Response:
        content = {
            "credentialID": credential,
            "hashes": encoded(*digests),
            "hashAlgorithmOID": SHA256,
            "signAlgo": ECDSA_SHA256,
        }
        return self.post("signatures/signHash", content | ({} if sad is None else {"SAD": sad}) | more, token)

    def fail(self, part: str, kind: str, **more: Any) -> None:
        answer = self.http.put(f"{self.url}/sandbox/failures/{part}", json={"kind": kind, **more})
        assert answer.status_code == 200, answer.text


def encoded(*digests: bytes) -> list[str]:
    return [base64.b64encode(digest).decode() for digest in digests]


def verify(certificate: x509.Certificate, answer: httpx.Response, digest: bytes) -> None:
    """Raises InvalidSignature."""
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    (signature,) = answer.json()["signatures"]
    key.verify(base64.b64decode(signature), digest, ec.ECDSA(Prehashed(hashes.SHA256())))


@contextmanager
def running(folder: Path, name: str = "ALPHA", port: int | None = None) -> Iterator[Box]:
    port = port or free_port()
    clock = MovedClock()
    qtsp = open_qtsp(folder, name, f"http://127.0.0.1:{port}", clock)
    server = uvicorn.Server(
        uvicorn.Config(application(qtsp), host="127.0.0.1", port=port, ws="none", log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    box = Box(qtsp.base_url, qtsp, clock)
    try:
        yield box
    finally:
        box.http.close()
        server.should_exit = server.force_exit = True
        thread.join(10)
