"""One ds:Signature with its XAdES properties: first without a value, then complete.

Everything is written in exclusive canonical form, so that what is hashed here is what a validator
hashes later, wherever in a file the signature stands.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from qsignhub.foundation.signature_algorithms import HashName
from qsignhub.signing.format import Intent, Made
from qsignhub.signing.xades.names import (
    DIGEST_METHODS,
    DS,
    EXCLUSIVE_C14N,
    SIGNED_PROPERTIES_TYPE,
    XADES,
    base64,
    canonical,
    canonicalization,
    element,
    parent,
    parsed,
    part,
)
from qsignhub.signing.xades.signed_properties import signed_properties
from qsignhub.signing.xades.unsigned_properties import add_signature_timestamp, add_values


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """How a signature refers to the document: ``digest`` is of what is left after ``transforms``, by the hash
    of the signature's algorithm.
    """

    uri: str
    digest: bytes
    transforms: tuple[etree._Element, ...] = ()
    object_id: str | None = None
    """Of the ds:Object in this signature that will hold the document; None: the document is elsewhere."""


def unsigned_signature(reference: DocumentReference, intent: Intent) -> bytes:
    """A ds:Signature with an empty value, and an empty place for the document where it is to hold it.

    The document and the signed properties are referenced, in this order (EN 319 132-1 clause 6.3).
    """
    name, hash_name = intent.name, intent.algorithm.hash_name
    properties = signed_properties(intent, document_reference=f"{name}-document")
    signature = parent(
        DS,
        "Signature",
        parent(
            DS,
            "SignedInfo",
            canonicalization(),
            element(DS, "SignatureMethod", Algorithm=intent.algorithm.xml_uri),
            _reference(
                hash_name, reference.digest, *reference.transforms, Id=f"{name}-document", URI=reference.uri
            ),
            _reference(
                hash_name,
                hashlib.new(hash_name, canonical(properties)).digest(),
                exclusive_c14n(),
                Type=SIGNED_PROPERTIES_TYPE,
                URI=f"#{properties.get('Id')}",
            ),
        ),
        element(DS, "SignatureValue", Id=f"{name}-value"),
        element(DS, "KeyInfo"),
        *([element(DS, "Object", Id=reference.object_id)] if reference.object_id else []),
        parent(DS, "Object", parent(XADES, "QualifyingProperties", properties, Target=f"#{name}")),
        Id=name,
    )
    return canonical(signature)


def signed_info(signature: bytes) -> bytes:
    """The canonical ds:SignedInfo: what the signer's key signs."""
    return canonical(part(parsed(signature), "ds:SignedInfo"))


def timestamp_imprint(signature: bytes, value: bytes) -> bytes:
    """SHA-256 of the canonical ds:SignatureValue: what the signature timestamp covers (clause 5.3)."""
    return hashlib.sha256(canonical(part(_with_value(signature, value), "ds:SignatureValue"))).digest()


def complete_signature(made: Made) -> bytes:
    """Value and certificates, and as far as they are there signature timestamp and validation data."""
    if made.timestamp_token is None and made.validation_data is not None:
        raise ValueError("validation data without a signature timestamp are no baseline level")
    value = xml_signature_value(made.signature, made.certificate)
    complete = _with_value(made.prepared.to_be_signed, value)
    certificates = (element(DS, "X509Certificate", der) for der in (made.certificate, *made.chain))
    part(complete, "ds:KeyInfo").append(parent(DS, "X509Data", *certificates))
    if made.timestamp_token is not None:
        add_signature_timestamp(complete, made.timestamp_token)
    if made.validation_data is not None:
        add_values(complete, made.validation_data)
    return canonical(complete)


def xml_signature_value(signature: bytes, certificate: bytes) -> bytes:
    """As XML wants it. ECDSA: r and s in a row, each as long as the curve's order (RFC 4050 section 3.3,
    RFC 9231 section 2.3.6), instead of DER; RSA and Ed25519 as they are.
    """
    key = load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return signature
    octets = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(signature)
    return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def exclusive_c14n() -> etree._Element:
    return element(DS, "Transform", Algorithm=EXCLUSIVE_C14N)


def _reference(
    hash_name: HashName, digest: bytes, *transforms: etree._Element, **attributes: str
) -> etree._Element:
    return parent(
        DS,
        "Reference",
        *([parent(DS, "Transforms", *transforms)] if transforms else []),
        element(DS, "DigestMethod", Algorithm=DIGEST_METHODS[hash_name]),
        element(DS, "DigestValue", digest),
        **attributes,
    )


def _with_value(signature: bytes, value: bytes) -> etree._Element:
    complete = parsed(signature)
    part(complete, "ds:SignatureValue").text = base64(value)
    return complete
