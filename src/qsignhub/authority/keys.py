"""The authority's own keys: P-256, sealed at rest under the master key, loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from qsignhub.authority.errors import AuthorityKeyUnusable
from qsignhub.foundation.register import Vault

Role: TypeAlias = Literal["root", "issuing", "ocsp", "tsa"]
ROLES: tuple[Role, ...] = ("root", "issuing", "ocsp", "tsa")
_KIND = "authority.key"


async def load_or_make_keys(vault: Vault) -> Mapping[Role, ec.EllipticCurvePrivateKey]:
    """Of several processes that start at once, one makes a key and all load that one."""
    return {role: await _load_or_make(vault, role) for role in ROLES}


async def _load_or_make(vault: Vault, role: Role) -> ec.EllipticCurvePrivateKey:
    encoded = await vault.reveal(_KIND, role)
    if encoded is None:
        fresh = ec.generate_private_key(ec.SECP256R1())
        await vault.keep(_KIND, role, fresh.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        encoded = await vault.reveal(_KIND, role)
    key = load_der_private_key(encoded or b"", None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityKeyUnusable(f"The authority's {role} key is not an elliptic-curve key.")
    return key
