"""Whose signature on revocation information counts, and whether it holds."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from qsignhub.revocation.errors import RevocationSignatureWrong, RevocationSignerWrong
from qsignhub.revocation.issuers import UNREADABLE, Issuer, load_issuer

MIN_RSA_BITS = 2048
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def check_signature(
    public_key: object, algorithm: hashes.HashAlgorithm | None, signature: bytes, data: bytes
) -> None:
    """Verifies over the octets that came: ECDSA, RSA PKCS#1 v1.5 (2048 bits and more), EdDSA; SHA-2.

    Raises RevocationSignatureWrong, also for any other algorithm.
    """
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(algorithm, _HASHES):
            public_key.verify(signature, data, ec.ECDSA(algorithm))
        elif isinstance(public_key, rsa.RSAPublicKey) and isinstance(algorithm, _HASHES):
            if public_key.key_size < MIN_RSA_BITS:
                raise RevocationSignatureWrong("The answer is signed with an RSA key that is too short")
            public_key.verify(signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(public_key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey) and algorithm is None:
            public_key.verify(signature, data)
        else:
            raise RevocationSignatureWrong("The answer is signed with an algorithm that is not accepted")
    except InvalidSignature as wrong:
        raise RevocationSignatureWrong("The answer's signature does not hold") from wrong


def delegated_responder(certificate: bytes, issuer: Issuer, now: datetime) -> Issuer:
    """A responder that ``issuer`` itself entitled to answer (RFC 6960, section 4.2.2.2).

    Its certificate was issued directly by the issuer, has OCSPSigning in its extended key usage, and is
    valid at ``now``. Raises RevocationSignerWrong.
    """
    responder = _entitled(certificate, issuer.der)
    loaded = responder.certificate
    if not loaded.not_valid_before_utc <= now <= loaded.not_valid_after_utc:
        raise RevocationSignerWrong("The OCSP responder's certificate is not valid now")
    return responder


@lru_cache(maxsize=256)
def _entitled(certificate: bytes, issuer_der: bytes) -> Issuer:
    """What holds for a responder's certificate at any time; looked at once (errors are not kept)."""
    responder, issuer = load_issuer(certificate), load_issuer(issuer_der)
    try:
        responder.certificate.verify_directly_issued_by(issuer.certificate)
        extensions = responder.certificate.extensions
        purposes = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (InvalidSignature, UnsupportedAlgorithm, *UNREADABLE) as wrong:
        raise RevocationSignerWrong(
            "The OCSP responder's certificate was not issued by the CA it answers for"
        ) from wrong
    except x509.ExtensionNotFound as wrong:
        raise RevocationSignerWrong("The OCSP responder's certificate has no extended key usage") from wrong
    if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
        raise RevocationSignerWrong("The OCSP responder's certificate may not sign OCSP answers")
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return responder
    if not (usage.digital_signature or usage.content_commitment):
        raise RevocationSignerWrong("The OCSP responder's key usage does not allow signatures")
    return responder
