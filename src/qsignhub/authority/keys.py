"""An authority's own keys: sealed at rest under the master key, loaded once; the root's only when needed.

The sandbox's keys have their roles for names, another authority's its own name before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from qsignhub.authority.errors import AuthorityKeyUnusable
from qsignhub.authority.names import SANDBOX
from qsignhub.authority.profiles import CA_ROLES, CaRole
from qsignhub.foundation.register import Vault

OcspRole: TypeAlias = Literal["ocsp-qes", "ocsp-aes", "ocsp-seal", "ocsp-tsa"]
Role: TypeAlias = CaRole | OcspRole | Literal["root", "tsa-unit"]
LegacyRole: TypeAlias = Literal["issuing", "ocsp", "tsa"]
Keys: TypeAlias = Mapping[str, ec.EllipticCurvePrivateKey]

OCSP_OF: Final[Mapping[CaRole, OcspRole]] = {
    "ca-qes": "ocsp-qes",
    "ca-aes": "ocsp-aes",
    "ca-seal": "ocsp-seal",
    "ca-tsa": "ocsp-tsa",
}
ONLINE_ROLES: Final[tuple[Role, ...]] = (*CA_ROLES, *OCSP_OF.values(), "tsa-unit")
"""All but the root's."""
LEGACY_ROLES: Final[tuple[LegacyRole, ...]] = ("issuing", "ocsp", "tsa")
"""Of the one CA that there was before: it issues no more, and answers for what it issued."""
_KIND = "authority.key"


class AuthorityKeys:
    """The keys of one authority in the vault."""

    def __init__(self, vault: Vault, authority: str) -> None:
        self._vault = vault
        self._prefix = "" if authority == SANDBOX.name else f"{authority}/"

    async def online(self) -> Keys:
        """Made where they are not there. Of several processes at once one makes a key, and all load it."""
        keys: dict[str, ec.EllipticCurvePrivateKey] = {
            role: await self._load_or_make(role) for role in ONLINE_ROLES
        }
        legacy = {role: await self.find(role) for role in LEGACY_ROLES}
        return {**keys, **{role: key for role, key in legacy.items() if key is not None}}

    async def make_root(self) -> ec.EllipticCurvePrivateKey:
        return await self._load_or_make("root")

    async def find(self, role: str) -> ec.EllipticCurvePrivateKey | None:
        encoded = await self._vault.reveal(_KIND, self._prefix + role)
        return None if encoded is None else _load(role, encoded)

    async def keep_root(self, key: ec.EllipticCurvePrivateKey) -> None:
        await self._vault.keep(_KIND, f"{self._prefix}root", _encode(key))

    async def take_root_out(self) -> None:
        await self._vault.destroy(_KIND, f"{self._prefix}root")

    async def _load_or_make(self, role: Role) -> ec.EllipticCurvePrivateKey:
        present = await self.find(role)
        if present is not None:
            return present
        await self._vault.keep(_KIND, self._prefix + role, _encode(fresh_key(role)))
        made = await self.find(role)
        if made is None:
            raise AuthorityKeyUnusable(f"The authority's {role} key was kept, and is not there.")
        return made


def fresh_key(role: Role) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1() if role == "root" else ec.SECP256R1())


def _encode(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _load(role: str, encoded: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(encoded, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityKeyUnusable(f"The authority's {role} key is not an elliptic-curve key.")
    return key
