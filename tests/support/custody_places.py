"""Custody on each adapter, on stores that outlive it, for the contract suite and for other processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qsignhub.custody.activation import LIFETIME, Activation, ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.pkcs11 import Pkcs11Custody
from qsignhub.custody.adapters.software import SoftwareCustody
from qsignhub.custody.gate import Gate
from qsignhub.custody.ports import KeyCustody, OnceOnly, SecretStore
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Register, Vault
from qsignhub.foundation.sealing import MasterKey

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ISSUER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MASTER_KEY = bytes(range(32))


class InMemorySecrets:
    """A store of secrets that is as short as its port."""

    def __init__(self) -> None:
        self._secrets: dict[tuple[str, str], bytes] = {}

    async def keep(self, kind: str, name: str, secret: bytes) -> bool:
        if (kind, name) in self._secrets:
            return False
        self._secrets[kind, name] = secret
        return True

    async def reveal(self, kind: str, name: str) -> bytes | None:
        return self._secrets.get((kind, name))

    async def destroy(self, kind: str, name: str) -> None:
        self._secrets.pop((kind, name), None)


class InMemoryRecord:
    def __init__(self) -> None:
        self._values: dict[tuple[str, str], bytes] = {}

    async def claim(self, kind: str, name: str, value: bytes) -> bool:
        if (kind, name) in self._values:
            return False
        self._values[kind, name] = value
        return True

    async def value(self, kind: str, name: str) -> bytes | None:
        return self._values.get((kind, name))

    async def names(self, kind: str, prefix: str) -> list[str]:
        return [name for of, name in self._values if of == kind and name.startswith(prefix)]


@dataclass(frozen=True, slots=True)
class TokenAccess:
    module: str
    label: str
    pin: str
    sessions: int = 2


class Place:
    """Where keys live; ``open`` is the service's start, and ``clock`` everybody's."""

    def __init__(
        self,
        record: OnceOnly,
        secrets: SecretStore | None = None,
        token: TokenAccess | None = None,
        conninfo: str | None = None,
    ) -> None:
        self.clock = SettableClock(NOW)
        self.record = record
        self.secrets = secrets
        self.token = token
        self.conninfo = conninfo
        self._opened: list[Pkcs11Custody] = []

    def open(self) -> KeyCustody:
        gate = Gate(self.record, ActivationVerifier(ISSUER_KEY.public_key()), self.clock)
        if self.token is None:
            assert self.secrets is not None
            return SoftwareCustody(self.secrets, gate)
        access = self.token
        custody = Pkcs11Custody(
            Path(access.module), access.label, access.pin, self.record, gate, sessions=access.sessions
        )
        self._opened.append(custody)
        return custody

    async def close(self) -> None:
        for custody in self._opened:
            await custody.close()

    def for_another_process(self) -> dict[str, object]:
        """What ``place_of`` makes a place of the same keys from."""
        assert self.conninfo is not None
        return {"conninfo": self.conninfo, "token": asdict(self.token) if self.token else None}


@asynccontextmanager
async def on_database(conninfo: str, token: TokenAccess | None = None) -> AsyncIterator[Place]:
    database = Database(conninfo, connections=6)
    await database.open()
    place = Place(Register(database), Vault(database, MasterKey(MASTER_KEY)), token, conninfo)
    try:
        yield place
    finally:
        await place.close()
        await database.close()


def activation(message_digest: bytes, key_id: str, id_: str = "act_1", **changes: object) -> Activation:
    plain = Activation(id_, "sgn_anna", key_id, message_digest, NOW + LIFETIME)
    return replace(plain, **changes)  # type: ignore[arg-type]


def issued(claims: Activation) -> bytes:
    return ActivationIssuer(ISSUER_KEY).issue(claims)
