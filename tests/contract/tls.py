"""The service under its printed name: https://api.qsignhub.io on loopback, for curl as it is printed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

HOST = "api.qsignhub.io"


@dataclass(frozen=True)
class Shell:
    """A folder to work in, in which curl finds the printed host here: ``.curlrc`` says where."""

    folder: Path

    async def run(self, command: str) -> tuple[int, str]:
        """The HTTP status, and the answer's body, of a curl command as it is printed."""
        assert shutil.which("curl")
        curl = await asyncio.create_subprocess_exec(
            *("sh", "-ec", command),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "CURL_HOME": str(self.folder)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaints = await curl.communicate()
        assert curl.returncode == 0, complaints.decode()
        body, _, status = said.decode().rpartition("\n")
        return int(status), body


@asynccontextmanager
async def shell_beside(app: FastAPI, folder: Path) -> AsyncIterator[Shell]:
    certificate, key = folder / "tls.pem", folder / "tls.key"
    _make_certificate(certificate, key)
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, ssl_certfile=certificate, ssl_keyfile=key, http="httptools"
    )
    server = _Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        (folder / ".curlrc").write_text(
            f'connect-to = "{HOST}:443:127.0.0.1:{port}"\n'
            f'cacert = "{certificate}"\n'
            'noproxy = "*"\nsilent\nshow-error\nwrite-out = "\\n%{http_code}"\n'
        )
        serving = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            yield Shell(folder)
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """It stands beside the tests in one process: signals are none of its business."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


def _make_certificate(certificate: Path, key: Path) -> None:
    """Self-signed, for the printed host; curl's own anchor."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
