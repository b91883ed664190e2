"""Keys in software, sealed at rest under the master key. For the sandbox and for AES; never a QSCD."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from qsignhub.custody.errors import KeyUnknown
from qsignhub.custody.ports import SecretStore

_KIND = "custody.signing-key"
_PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))


class SoftwareKeys:
    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets

    async def create(self, key_id: str) -> ec.EllipticCurvePublicKey:
        fresh = ec.generate_private_key(ec.SECP256R1())
        encoded = fresh.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        if await self._secrets.keep(_KIND, key_id, encoded):
            return fresh.public_key()
        return (await self._load(key_id)).public_key()

    async def sign_digest(self, key_id: str, digest: bytes) -> bytes:
        return (await self._load(key_id)).sign(digest, _PREHASHED)

    async def destroy(self, key_id: str) -> None:
        await self._secrets.destroy(_KIND, key_id)

    async def ping(self) -> None:
        await self._secrets.reveal(_KIND, "ping")

    async def _load(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        encoded = await self._secrets.reveal(_KIND, key_id)
        if encoded is None:
            raise KeyUnknown("The signer's key is not in custody: it was never made, or was destroyed.")
        key = load_der_private_key(encoded, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyUnknown("The signer's key is of a kind that custody does not use.")
        return key
