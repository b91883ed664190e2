"""One ds:Signature with its XAdES properties: first without a value, then complete.

Everything is written in exclusive canonical form, so that what is hashed here is what a validator
hashes later, wherever in the document the signature stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from qsignhub.foundation.signature_algorithms import SignatureAlgorithm
from qsignhub.signing.validation_data import ValidationData
from qsignhub.signing.xades.names import (
    DS,
    EXCLUSIVE_C14N,
    SHA256,
    SIGNED_PROPERTIES_TYPE,
    XADES,
    XPATH_FILTER,
    canonical,
    element,
    parent,
)


def unsigned_signature(
    document_digest: bytes,
    *,
    name: str,
    certificate: bytes,
    algorithm: SignatureAlgorithm,
    claimed_time: datetime,
) -> bytes:
    """A ds:Signature over the document without its signatures; the value is still empty.

    SigningTime, SigningCertificateV2 and DataObjectFormat are signed (EN 319 132-1 clause 6.3).
    """
    properties = _signed_properties(name, certificate, claimed_time)
    signed_info = parent(
        DS,
        "SignedInfo",
        element(DS, "CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N),
        element(DS, "SignatureMethod", Algorithm=algorithm.xml_uri),
        _reference(document_digest, _without_signatures(), _exclusive_c14n(), Id=f"{name}-document", URI=""),
        _reference(
            hashlib.sha256(canonical(properties)).digest(),
            _exclusive_c14n(),
            Type=SIGNED_PROPERTIES_TYPE,
            URI=f"#{properties.get('Id')}",
        ),
    )
    signature = parent(
        DS,
        "Signature",
        signed_info,
        element(DS, "SignatureValue", Id=f"{name}-value"),
        element(DS, "KeyInfo"),
        parent(DS, "Object", parent(XADES, "QualifyingProperties", properties, Target=f"#{name}")),
        Id=name,
    )
    return canonical(signature)


def signed_info(signature: bytes) -> bytes:
    """The canonical ds:SignedInfo: what the signer's key signs."""
    return canonical(_part(_parsed(signature), "ds:SignedInfo"))


def timestamp_imprint(signature: bytes, value: bytes) -> bytes:
    """SHA-256 of the canonical ds:SignatureValue: what the signature timestamp covers (clause 5.3)."""
    return hashlib.sha256(canonical(_part(_with_value(signature, value), "ds:SignatureValue"))).digest()


def complete_signature(
    signature: bytes,
    value: bytes,
    certificate: bytes,
    chain: Iterable[bytes],
    timestamp_token: bytes,
    data: ValidationData,
) -> bytes:
    """The signature at B-LT: value, certificates, signature timestamp, validation data (clause 5.4)."""
    complete = _with_value(signature, value)
    certificates = (element(DS, "X509Certificate", der) for der in (certificate, *chain))
    _part(complete, "ds:KeyInfo").append(parent(DS, "X509Data", *certificates))
    timestamp = parent(
        XADES,
        "SignatureTimeStamp",
        element(DS, "CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N),
        element(XADES, "EncapsulatedTimeStamp", timestamp_token),
    )
    properties = parent(
        XADES, "UnsignedSignatureProperties", timestamp, _certificate_values(data), _revocation_values(data)
    )
    _part(complete, "ds:Object/xades:QualifyingProperties").append(
        parent(XADES, "UnsignedProperties", properties)
    )
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


def _signed_properties(name: str, certificate: bytes, claimed_time: datetime) -> etree._Element:
    digest = parent(
        XADES,
        "CertDigest",
        element(DS, "DigestMethod", Algorithm=SHA256),
        element(DS, "DigestValue", hashlib.sha256(certificate).digest()),
    )
    of_signature = parent(
        XADES,
        "SignedSignatureProperties",
        element(XADES, "SigningTime", f"{claimed_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        parent(XADES, "SigningCertificateV2", parent(XADES, "Cert", digest)),
    )
    data_format = parent(
        XADES,
        "DataObjectFormat",
        element(XADES, "MimeType", "application/xml"),
        ObjectReference=f"#{name}-document",
    )
    return parent(
        XADES,
        "SignedProperties",
        of_signature,
        parent(XADES, "SignedDataObjectProperties", data_format),
        Id=f"{name}-signed-properties",
    )


def _reference(digest: bytes, *transforms: etree._Element, **attributes: str) -> etree._Element:
    return parent(
        DS,
        "Reference",
        parent(DS, "Transforms", *transforms),
        element(DS, "DigestMethod", Algorithm=SHA256),
        element(DS, "DigestValue", digest),
        **attributes,
    )


def _without_signatures() -> etree._Element:
    """XPath Filter 2.0: everything but the signatures, this one and all that come before and after."""
    subtract = element(XPATH_FILTER, "XPath", "/descendant::ds:Signature", Filter="subtract")
    return parent(DS, "Transform", subtract, Algorithm=XPATH_FILTER)


def _exclusive_c14n() -> etree._Element:
    return element(DS, "Transform", Algorithm=EXCLUSIVE_C14N)


def _certificate_values(data: ValidationData) -> etree._Element:
    values = (element(XADES, "EncapsulatedX509Certificate", der) for der in data.certificates)
    return parent(XADES, "CertificateValues", *values)


def _revocation_values(data: ValidationData) -> etree._Element:
    """A kind of value that there is none of is left out: the schema knows no empty list."""
    lists = [element(XADES, "EncapsulatedCRLValue", der) for der in data.crls]
    answers = [element(XADES, "EncapsulatedOCSPValue", der) for der in data.ocsp_responses]
    values = parent(XADES, "RevocationValues")
    if lists:
        values.append(parent(XADES, "CRLValues", *lists))
    if answers:
        values.append(parent(XADES, "OCSPValues", *answers))
    return values


def _with_value(signature: bytes, value: bytes) -> etree._Element:
    parsed = _parsed(signature)
    _part(parsed, "ds:SignatureValue").text = element(DS, "SignatureValue", value).text
    return parsed


def _parsed(signature: bytes) -> etree._Element:
    return etree.fromstring(signature, etree.XMLParser(resolve_entities=False, no_network=True))


def _part(signature: etree._Element, path: str) -> etree._Element:
    found = signature.find(path, {"ds": DS, "xades": XADES})
    if found is None:
        raise ValueError(f"the signature has no {path}")
    return found
