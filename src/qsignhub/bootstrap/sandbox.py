"""The test world's trust service: the built-in authority, with keys in software."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qsignhub.authority.service import open_authority
from qsignhub.ceremonies.trust import TrustService
from qsignhub.custody.activation import ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.software import SoftwareKeys
from qsignhub.custody.ports import SigningKeys
from qsignhub.custody.service import Custody
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Register, Vault
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource, LocalIssuer
from qsignhub.settings import Settings
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority


async def open_sandbox(
    settings: Settings,
    side: Database,
    vault: Vault,
    register: Register,
    clock: Clock,
    wrap_keys: Callable[[SigningKeys], SigningKeys] | None,
) -> TrustService:
    """``wrap_keys`` stands around the signing keys, in tests."""
    authority = await open_authority(side, vault, settings.base_url.rstrip("/"), clock)
    activation_key = await _activation_key(vault)
    signing_keys: SigningKeys = SoftwareKeys(vault)
    if wrap_keys is not None:
        signing_keys = wrap_keys(signing_keys)
    return TrustService(
        authority=authority,
        custody=Custody(signing_keys, register, ActivationVerifier(activation_key.public_key()), clock),
        activations=ActivationIssuer(activation_key),
        timestamps=InProcessTimestampAuthority(
            authority.timestamp_responder, clock=clock, anchors=[authority.root]
        ),
        revocation=InProcessRevocationSource(
            [
                LocalIssuer(authority.ocsp_responder, authority.status_of),
                LocalIssuer(authority.root_responder, authority.status_of, authority.root_crl),
            ],
            clock=clock,
        ),
    )


async def _activation_key(vault: Vault) -> Ed25519PrivateKey:
    """The key under which a signer's consent becomes an authorisation that custody accepts."""
    kind, name = "ceremonies.activation-key", "sandbox"
    encoded = await vault.reveal(kind, name)
    if encoded is None:
        fresh = Ed25519PrivateKey.generate()
        await vault.keep(kind, name, fresh.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        encoded = await vault.reveal(kind, name) or b""
    return Ed25519PrivateKey.from_private_bytes(encoded)
