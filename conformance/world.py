"""The trust services that the matrix is signed and judged with: ours, over HTTP on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import FastAPI

from qsignhub.api import pki
from qsignhub.authority.names import Subject
from qsignhub.authority.profiles import SignerProfile
from qsignhub.bootstrap import Services, open_services
from qsignhub.foundation.engine import EmbeddedEngine, remove_cluster
from qsignhub.foundation.migrations import migrate
from qsignhub.foundation.signature_algorithms import PrivateKey, SignatureAlgorithm
from qsignhub.revocation.evidence import gather
from qsignhub.revocation.paths import path_of
from qsignhub.settings import Settings
from qsignhub.signing.validation_data import ValidationData
from qsignhub.timestamping.model import TimestampToken

_NAMES = ("Anna Kowalska", "Jan Nowak", "Eleni Papadopoulou", "Jürgen Groß", "Zofia Żółć")
_KINDS: tuple[SignerProfile, ...] = (
    *("signer-aes-one-time", "signer-aes", "signer-qes"),
    *("signer-qes-one-time", "signer-aes"),
)
_LASTING: tuple[SignerProfile, ...] = ("signer-aes", "signer-qes")


@dataclass(frozen=True, slots=True)
class Person:
    """A signer with a key in software; certificates are DER, ``path`` leads from the signer's to the root."""

    name: str
    profile: str
    algorithm: SignatureAlgorithm
    key: PrivateKey
    path: tuple[bytes, ...]

    @property
    def certificate(self) -> bytes:
        return self.path[0]


class World:
    """A certification authority with its CAs, OCSP responders, CRLs and TSA, all answering over HTTP."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._trust = services.trust.named("test", "sandbox")
        self._people: dict[tuple[str, bool], list[Person]] = {}

    @property
    def root(self) -> bytes:
        return self._services.authority.root

    @property
    def issuers(self) -> list[bytes]:
        """The CAs below the root, DER."""
        return [self._services.authority.chain_of(role)[0] for role in ("ca-aes", "ca-qes", "ca-tsa")]

    def write_pem(self, folder: Path) -> None:
        """``root.pem`` and ``issuers.pem``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.pem").write_bytes(_pem(self.root))
        (folder / "issuers.pem").write_bytes(b"".join(map(_pem, self.issuers)))

    async def people(self, algorithm: SignatureAlgorithm, *, one_time: bool) -> list[Person]:
        """Five signers with keys for an algorithm. ``one_time``: some have certificates that are valid for
        minutes, as the service issues them; without a timestamp their signatures would soon be too old.
        """
        found = self._people.get((algorithm.name, one_time))
        if found is None:
            keys = [person.key for person in self._people.get((algorithm.name, not one_time), ())]
            kinds = _KINDS if one_time else tuple(_LASTING[n % 2] for n in range(len(_NAMES)))
            found = [
                await self._issue(name, kind, algorithm, keys[n] if keys else algorithm.generate())
                for n, (name, kind) in enumerate(zip(_NAMES, kinds, strict=True))
            ]
            self._people[algorithm.name, one_time] = found
        return found

    async def timestamp(self, imprint: bytes) -> TimestampToken:
        return await self._trust.timestamps.timestamp(imprint)

    async def validation_data(self, token: TimestampToken, path: tuple[bytes, ...] = ()) -> ValidationData:
        """Chain and status of a signer's certificate and of a timestamp's, as the signing cycle has it."""
        of_timestamp = path_of(token.certificate, token.certificates, self._trust.anchors)
        gathered = [await gather(self._trust.revocation, one) for one in (path, of_timestamp) if one]
        return ValidationData(
            certificates=list(dict.fromkeys([*path, *token.certificates, *of_timestamp])),
            ocsp_responses=list(dict.fromkeys(one.der for found in gathered for one in found.ocsp)),
            crls=list(dict.fromkeys(one.der for found in gathered for one in found.crls)),
        )

    async def _issue(
        self, name: str, profile: SignerProfile, algorithm: SignatureAlgorithm, key: PrivateKey
    ) -> Person:
        authority = self._services.authority
        reference = f"conformance-{algorithm.name}-{profile}-{name}"
        async with self._services.database.transaction() as tx:
            certificate = await authority.issue_signer_certificate(
                tx, reference, key.public_key(), Subject(name, "PL"), profile
            )
        return Person(name, profile, algorithm, key, (certificate, *authority.chain_of(profile)))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[World]:
    """The services, with a database of their own in ``folder``, and their addresses served on loopback."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = EmbeddedEngine(folder)
    conninfo = await engine.start()
    try:
        await migrate(conninfo)
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            settings = Settings(data_dir=folder, base_url=base_url)
            async with open_services(settings, conninfo) as services, _served(services, listening):
                yield World(services)
    finally:
        await engine.stop()
        remove_cluster(folder)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C ends the run, not the server within it."""
        yield


@asynccontextmanager
async def _served(services: Services, listening: socket.socket) -> AsyncIterator[None]:
    app = FastAPI(openapi_url=None)
    app.state.services = services
    app.include_router(pki.router)
    server = _Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
