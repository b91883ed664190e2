"""A remote trust service as one more place of keys, for the suite that all custodies pass.

Keys are made and destroyed at the service's own counter, which is not a part of the CSC API: ``create_key``
and ``destroy_key`` stand in for a signer's dealings with it. Ids are ``qtsp:...``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from qsignhub.custody.activation import ActivationVerifier
from qsignhub.custody.adapters.csc import CscCustody
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.credentials import CredentialKey, RemoteCredentials
from qsignhub.custody.csc.service_authorisation import BearerToken
from qsignhub.custody.errors import KeyUnsuitable
from qsignhub.custody.gate import Gate
from qsignhub.custody.signer_secrets import SealedSignerSecrets
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.signature_algorithms import EDDSA, SignatureAlgorithm
from tests.custody.csc.keys import (
    ECDSA_SHA256,
    ECDSA_SHA384,
    NOW,
    RSA_PSS,
    RSA_SHA256,
    Signing,
    certificate,
    described,
    rsa_key,
)
from tests.custody.csc.scripted import Asked, Said, Script, scripted
from tests.support.custody_places import InMemoryRecord, InMemorySecrets

ISSUER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SERVICE = "qtsp"
_OIDS = {"ES256": ECDSA_SHA256, "ES384": ECDSA_SHA384, "RS256": RSA_SHA256, "PS256": RSA_PSS}


class ServiceKeys(InMemorySecrets):
    """A class of its own, so that a test can count its uses."""


class RemoteKeys(CscCustody):
    """With the service's counter beside it."""

    _place: RemotePlace

    async def create_key(self, key_id: str, algorithm: SignatureAlgorithm) -> CredentialKey:
        return await self._place.enrol(key_id.removeprefix(f"{SERVICE}:"), algorithm)

    async def destroy_key(self, key_id: str) -> None:
        await super().destroy_key(key_id)
        await self._place.close_account(key_id.removeprefix(f"{SERVICE}:"))


class RemotePlace:
    """``secrets`` are the service's own keys: each ``reveal`` is a use of one."""

    token = None

    def __init__(self, service: Script, http: httpx.AsyncClient, *, raw: bool) -> None:
        self.clock = SettableClock(NOW)
        self.record = InMemoryRecord()
        self.secrets = ServiceKeys()
        self._service, self._http, self._raw = service, http, raw
        self._algorithms: dict[str, SignatureAlgorithm] = {}
        self._certificates: dict[str, bytes] = {}
        self._keys: dict[str, CredentialKey] = {}
        service.on("info", Said({"specs": "2.0.0.0", "methods": ["info", "signatures/signHash"]}))
        service.on("credentials/info", self._info)
        service.on("credentials/authorize", self._authorize)
        service.on("signatures/signHash", self._sign)

    def open(self) -> RemoteKeys:
        client = CscClient(
            f"{self._service.url}/csc/v2",
            self._http,
            version="v2",
            authorisation=BearerToken("token"),
            clock=self.clock,
        )
        custody = RemoteKeys(
            SERVICE,
            client,
            RemoteCredentials(client, self.clock),
            Gate(self.record, ActivationVerifier(ISSUER_KEY.public_key()), self.clock),
            SealedSignerSecrets(InMemorySecrets(), self.record, self.clock),
        )
        custody._place = self
        return custody

    async def close(self) -> None:
        """The service ends with the block it was opened in."""

    async def enrol(self, credential_id: str, algorithm: SignatureAlgorithm) -> CredentialKey:
        if credential_id not in self._keys:
            if algorithm == EDDSA:
                pytest.skip("signatures/signHash signs hashes, and Ed25519 signs messages")
            # RSA keys are slow to make, and one is as good as another here
            key = rsa_key(3072) if algorithm.name in {"RS256", "PS256"} else algorithm.generate()
            assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
            encoded = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            assert await self.secrets.keep("qtsp", credential_id, encoded)
            self._keys[credential_id] = key.public_key()
            self._certificates[credential_id] = certificate(key)
            self._algorithms[credential_id] = algorithm
        if (present := self._algorithms[credential_id]) != algorithm:
            raise KeyUnsuitable(f"The key is for {present.name}, not for {algorithm.name}.")
        return self._keys[credential_id]

    async def close_account(self, credential_id: str) -> None:
        await self.secrets.destroy("qtsp", credential_id)
        self._keys.pop(credential_id, None)

    def _unknown(self, asked: Asked) -> Said | None:
        if asked.json["credentialID"] in self._keys:
            return None
        said = {"error": "invalid_request", "error_description": "Invalid parameter credentialID"}
        return Said(said, status=400)

    def _info(self, asked: Asked) -> Said:
        if (unknown := self._unknown(asked)) is not None:
            return unknown
        credential_id = asked.json["credentialID"]
        algorithm = _OIDS[self._algorithms[credential_id].name]
        return Said(described(self._certificates[credential_id], algorithm, v2=True))

    def _authorize(self, asked: Asked) -> Said:
        return self._unknown(asked) or Said({"SAD": "sad-" + asked.json["hashes"][0]})

    async def _sign(self, asked: Asked) -> Said:
        if (unknown := self._unknown(asked)) is not None:
            return unknown
        if asked.json["SAD"] != "sad-" + asked.json["hashes"][0]:
            said = {"error": "invalid_request", "error_description": "Hash is not authorized by the SAD"}
            return Said(said, status=400)
        credential_id = asked.json["credentialID"]
        encoded = await self.secrets.reveal("qtsp", credential_id)
        assert encoded is not None
        key = load_der_private_key(encoded, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        pss = self._algorithms[credential_id].name == "PS256"
        return Signing(key, raw=self._raw, pss=pss)(asked)


@asynccontextmanager
async def remote_place(*, raw: bool = False) -> AsyncIterator[RemotePlace]:
    """``raw``: the service answers ECDSA as r || s."""
    async with scripted() as service, httpx.AsyncClient() as http:
        yield RemotePlace(service, http, raw=raw)
