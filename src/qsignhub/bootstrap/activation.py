"""The key under which a signer's consent becomes an authorisation that custody accepts; one a world."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qsignhub.foundation.register import Vault

_KIND = "ceremonies.activation-key"


async def open_activation_key(vault: Vault, world: str) -> Ed25519PrivateKey:
    """Made on the first start; of several processes that start at once all load the same."""
    encoded = await vault.reveal(_KIND, world)
    if encoded is None:
        fresh = Ed25519PrivateKey.generate()
        await vault.keep(_KIND, world, fresh.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        encoded = await vault.reveal(_KIND, world) or b""
    return Ed25519PrivateKey.from_private_bytes(encoded)
