"""OCSPRequest: asking for a status, and reading what was asked (RFC 6960, section 4.1)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from asn1crypto import core, ocsp, parser

from qsignhub.revocation.issuers import CERT_ID_HASHES, load_certificate, load_issuer

NONCE_OCTETS = 32
MAX_NONCE_OCTETS = 130
MAX_REQUEST_OCTETS = 16 * 1024
MAX_CERTIFICATES = 64

_OIDS = {name: oid for oid, name in CERT_ID_HASHES.items()}
_ALGORITHMS = {
    # with NULL, as RFC 5019's profile and every responder has it
    name: parser.emit(0, 1, 16, core.ObjectIdentifier(oid).dump() + b"\x05\x00")
    for name, oid in _OIDS.items()
}
NONCE_OID = core.ObjectIdentifier("1.3.6.1.5.5.7.48.1.2").dump()


class UnreadableRequest(ValueError):
    """Not an OCSPRequest: answer malformedRequest."""


@dataclass(frozen=True, slots=True)
class AskedCertificate:
    """One CertID of a request."""

    cert_id: bytes
    """CertID as it came, to be repeated in the answer."""
    hash_algorithm: str | None
    issuer_hashes: tuple[bytes, bytes]
    serial: int


@dataclass(frozen=True, slots=True)
class OcspRequest:
    certificates: tuple[AskedCertificate, ...]
    nonce: bytes | None
    """extnValue of the nonce as it came."""


def sequence(*parts: bytes) -> bytes:
    encoded: bytes = parser.emit(0, 1, 16, b"".join(parts))
    return encoded


def octets(content: bytes) -> bytes:
    encoded: bytes = parser.emit(0, 0, 4, content)
    return encoded


def explicit(tag: int, content: bytes) -> bytes:
    """``content`` under the context tag ``[tag]``, constructed."""
    encoded: bytes = parser.emit(2, 1, tag, content)
    return encoded


def fresh_nonce() -> bytes:
    """32 random octets (RFC 9654, section 2.1)."""
    return secrets.token_bytes(NONCE_OCTETS)


def build_request(
    certificate: bytes, issuer: bytes, *, nonce: bytes | None, hash_algorithm: str = "sha1"
) -> bytes:
    """An OCSPRequest, DER, about one certificate.

    SHA-1 only names the issuer here; it is the hash that every responder knows (RFC 5019, 2.1.1).
    """
    name_hash, key_hash = load_issuer(issuer).hashes[hash_algorithm]
    serial: bytes = core.Integer(load_certificate(certificate).serial_number).dump()
    cert_id = sequence(_ALGORITHMS[hash_algorithm], octets(name_hash), octets(key_hash), serial)
    extensions = b""
    if nonce is not None:
        extensions = explicit(2, sequence(sequence(NONCE_OID, octets(octets(nonce)))))
    return sequence(sequence(sequence(sequence(cert_id)), extensions))


def read_request(der: bytes) -> OcspRequest:
    """Reads an OCSPRequest. Raises UnreadableRequest.

    A signature on the request is allowed and not looked at: our answers are for anybody.
    """
    if len(der) > MAX_REQUEST_OCTETS:
        raise UnreadableRequest("the request is too long")
    try:
        to_be_signed = ocsp.OCSPRequest.load(der, strict=True)["tbs_request"]
        asked = tuple(_read_cert_id(one["req_cert"]) for one in to_be_signed["request_list"])
        nonces = [
            bytes(extension["extn_value"].contents)
            for extension in to_be_signed["request_extensions"]
            if extension["extn_id"].native == "nonce"
        ]
    except (ValueError, TypeError, KeyError, IndexError) as wrong:
        raise UnreadableRequest("not an OCSPRequest") from wrong
    if not 0 < len(asked) <= MAX_CERTIFICATES:
        raise UnreadableRequest("no certificate is asked about, or too many")
    # a nonce of length zero is malformed (RFC 9654, section 2.1)
    if len(nonces) > 1 or any(not 2 < len(nonce) <= MAX_NONCE_OCTETS for nonce in nonces):
        raise UnreadableRequest("the nonce is too short or too long")
    return OcspRequest(asked, nonces[0] if nonces else None)


def _read_cert_id(cert_id: ocsp.CertId) -> AskedCertificate:
    return AskedCertificate(
        cert_id=cert_id.dump(),
        hash_algorithm=CERT_ID_HASHES.get(cert_id["hash_algorithm"]["algorithm"].dotted),
        issuer_hashes=(cert_id["issuer_name_hash"].native, cert_id["issuer_key_hash"].native),
        serial=cert_id["serial_number"].native,
    )
