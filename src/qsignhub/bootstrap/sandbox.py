"""The test world's trust service: the built-in authority, with keys in software."""

from __future__ import annotations

from typing import Final

from qsignhub.authority.service import Authority, open_authority
from qsignhub.bootstrap.activation import open_activation_key
from qsignhub.bootstrap.key_places import MakeCustody
from qsignhub.bootstrap.trust_parts import TrustParts
from qsignhub.ceremonies.adapters.built_in import BuiltInCertificates
from qsignhub.ceremonies.adapters.seal import BuiltInSeal
from qsignhub.ceremonies.trust import TrustService
from qsignhub.custody.activation import ActivationIssuer, ActivationVerifier
from qsignhub.custody.gate import Gate
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority

NAME: Final = "sandbox"


async def open_sandbox(parts: TrustParts, make_custody: MakeCustody) -> tuple[TrustService, Authority]:
    """``make_custody`` says where the signers' keys live."""
    clock, settings = parts.clock, parts.settings
    authority = await open_authority(
        parts.side,
        parts.vault,
        settings.base_url.rstrip("/"),
        clock,
        docs_url=settings.docs_base,
        watch=parts.watch,
    )
    activation_key = await open_activation_key(parts.vault, "sandbox")
    gate = Gate(parts.register, ActivationVerifier(activation_key.public_key()), clock)
    custody = make_custody(parts.vault, gate)
    service = TrustService(
        name=NAME,
        certificates=BuiltInCertificates(authority, custody),
        seals=BuiltInSeal(authority, custody, clock),
        custody=custody,
        activations=ActivationIssuer(activation_key),
        timestamps=InProcessTimestampAuthority(
            authority.timestamp_responder, clock=clock, anchors=[authority.root]
        ),
        revocation=InProcessRevocationSource(authority.issuers_at_hand(), clock=clock),
        anchors=(authority.root,),
    )
    return service, authority
