"""The signed properties of a baseline signature (EN 319 132-1 clauses 5.2 and 6.3)."""

from __future__ import annotations

import hashlib
from datetime import UTC

from lxml import etree

from qsignhub.signing.format import Intent
from qsignhub.signing.xades.names import DIGEST_METHODS, DS, XADES, element, parent


def signed_properties(intent: Intent, *, document_reference: str) -> etree._Element:
    """SigningTime, SigningCertificateV2 and DataObjectFormat; what the one who signs says beside is
    a claimed role. ``document_reference`` is the Id of the document's ds:Reference.
    """
    of_signature = parent(
        XADES,
        "SignedSignatureProperties",
        element(XADES, "SigningTime", f"{intent.claimed_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        _signing_certificate(intent),
        *([_claimed_role(intent.statement)] if intent.statement is not None else []),
    )
    data_format = parent(
        XADES,
        "DataObjectFormat",
        element(XADES, "MimeType", intent.data_object.mime_type),
        ObjectReference=f"#{document_reference}",
    )
    return parent(
        XADES,
        "SignedProperties",
        of_signature,
        parent(XADES, "SignedDataObjectProperties", data_format),
        Id=f"{intent.name}-signed-properties",
    )


def _signing_certificate(intent: Intent) -> etree._Element:
    """Clause 5.2.2, without IssuerSerialV2: the digest says all of it."""
    hash_name = intent.algorithm.hash_name
    digest = parent(
        XADES,
        "CertDigest",
        element(DS, "DigestMethod", Algorithm=DIGEST_METHODS[hash_name]),
        element(DS, "DigestValue", hashlib.new(hash_name, intent.certificate).digest()),
    )
    return parent(XADES, "SigningCertificateV2", parent(XADES, "Cert", digest))


def _claimed_role(statement: str) -> etree._Element:
    """Clause 5.2.6."""
    role = element(XADES, "ClaimedRole", statement)
    return parent(XADES, "SignerRoleV2", parent(XADES, "ClaimedRoles", role))
