"""CMS signatures for AdES (RFC 5652, ETSI EN 319 122-1), assembled around a signature made elsewhere.

What is to be signed is fixed first (``signed_attributes``) and can be stored; the signature value may
come from any custody, any time later (``assemble``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from asn1crypto import algos, cms, tsp, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509 import load_der_x509_certificate

from qsignhub.signing.errors import WrongSignature

_SHA256 = algos.DigestAlgorithm({"algorithm": "sha256"})
_ECDSA_SHA256 = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})


def signed_attributes(content_digest: bytes, certificate: bytes) -> bytes:
    """DER of the SET OF signed attributes over a SHA-256 content digest.

    content-type, message-digest and signing-certificate-v2 (EN 319 122-1 clause 5.2.2.3); for PAdES
    no signing-time attribute (EN 319 142-1 clause 6.3): the claimed time stands in the PDF's /M.
    """
    essence = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate).digest()})
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [content_digest]}),
            cms.CMSAttribute(
                {
                    "type": "signing_certificate_v2",
                    "values": [tsp.SigningCertificateV2({"certs": [essence]})],
                }
            ),
        ]
    )
    return bytes(attributes.dump())


def digest_to_sign(attributes: bytes) -> bytes:
    """SHA-256 of the DER SET OF attributes: what the signer's key signs (RFC 5652 clause 5.4)."""
    return hashlib.sha256(attributes).digest()


def verify_signature_value(signature: bytes, digest: bytes, certificate: bytes) -> None:
    """Checks a signature value against the certificate before anything is kept of it."""
    key = load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WrongSignature("The signer's certificate is not for an ECDSA key.")
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        raise WrongSignature(
            "The signature that came back does not fit the signer's certificate; it was not kept."
        ) from None


def assemble(
    attributes: bytes,
    signature: bytes,
    certificate: bytes,
    chain: Sequence[bytes],
    timestamp_token: bytes | None = None,
) -> bytes:
    """DER of a detached CMS signature (ContentInfo) with one SignerInfo.

    ``timestamp_token`` is a ContentInfo over the SHA-256 of the signature value; it becomes the
    unsigned attribute signature-time-stamp (EN 319 122-1 clause 5.3).
    """
    signer = x509.Certificate.load(certificate)
    signer_info = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                    {"issuer": signer.issuer, "serial_number": signer.serial_number}
                )
            }
        ),
        "digest_algorithm": _SHA256,
        # The very bytes that were signed: the SET tag gives way to the implicit [0] of SignerInfo.
        "signed_attrs": cms.CMSAttributes.load(attributes),
        "signature_algorithm": _ECDSA_SHA256,
        "signature": signature,
    }
    if timestamp_token is not None:
        signer_info["unsigned_attrs"] = cms.CMSAttributes(
            [
                cms.CMSAttribute(
                    {
                        "type": "signature_time_stamp_token",
                        "values": [cms.ContentInfo.load(timestamp_token)],
                    }
                )
            ]
        )
    signed_data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [_SHA256],
            "encap_content_info": {"content_type": "data"},
            "certificates": [signer, *(x509.Certificate.load(der) for der in chain)],
            "signer_infos": [cms.SignerInfo(signer_info)],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())
