"""OCSPRequest: asking for a status, and reading what was asked (RFC 6960, section 4.1)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

from qsignhub.foundation.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    Fields,
    NotDer,
    elements,
    encode,
    integer,
    object_identifier,
    read,
)
from qsignhub.revocation.issuers import CERT_ID_HASHES, load_certificate, load_issuer

NONCE_OCTETS = 32
MAX_NONCE_OCTETS = 130
MAX_REQUEST_OCTETS = 16 * 1024
MAX_CERTIFICATES = 64

_HASH_OF_OID = {object_identifier(oid): name for oid, name in CERT_ID_HASHES.items()}
_NULL = b"\x05\x00"
_ALGORITHMS = {
    # with NULL, as RFC 5019's profile and every responder has it
    name: encode(SEQUENCE, oid, _NULL)
    for oid, name in _HASH_OF_OID.items()
}
NONCE_OID = object_identifier("1.3.6.1.5.5.7.48.1.2")
_BOOLEAN = 0x01
_CONTEXT_0 = 0xA0
_CONTEXT_1 = 0xA1
_CONTEXT_2 = 0xA2


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
    cert_id = encode(
        SEQUENCE,
        _ALGORITHMS[hash_algorithm],
        encode(OCTET_STRING, name_hash),
        encode(OCTET_STRING, key_hash),
        integer(load_certificate(certificate).serial_number),
    )
    extensions = b""
    if nonce is not None:
        extensions = encode(_CONTEXT_2, encode(SEQUENCE, nonce_extension(encode(OCTET_STRING, nonce))))
    request_list = encode(SEQUENCE, encode(SEQUENCE, cert_id))
    return encode(SEQUENCE, encode(SEQUENCE, request_list, extensions))


def nonce_extension(value: bytes) -> bytes:
    """The Extension around a nonce; ``value`` is extnValue's content, an encoded OCTET STRING itself."""
    return encode(SEQUENCE, NONCE_OID, encode(OCTET_STRING, value))


@lru_cache(maxsize=32)
def read_request(der: bytes) -> OcspRequest:
    """Reads an OCSPRequest. Raises UnreadableRequest; also for a critical extension other than the nonce.

    A signature on the request is allowed and not looked at: our answers are for anybody. The last few are
    remembered: whoever asks for the serial numbers first has the request read twice.
    """
    if len(der) > MAX_REQUEST_OCTETS:
        raise UnreadableRequest("the request is too long")
    try:
        asked, nonce = _read(der)
    except NotDer as wrong:
        raise UnreadableRequest("not an OCSPRequest") from wrong
    return OcspRequest(asked, nonce)


def _read(der: bytes) -> tuple[tuple[AskedCertificate, ...], bytes | None]:
    outer = Fields(read(der).content)
    fields = Fields(outer.take(SEQUENCE).content)
    outer.optional(_CONTEXT_0)
    outer.end()
    fields.optional(_CONTEXT_0)
    fields.optional(_CONTEXT_1)
    requests = elements(fields.take(SEQUENCE).content)
    extensions = fields.optional(_CONTEXT_2)
    fields.end()
    if not 0 < len(requests) <= MAX_CERTIFICATES:
        raise UnreadableRequest("no certificate is asked about, or too many")
    asked = tuple([_read_one(request) for request in requests])
    return asked, None if extensions is None else _read_nonce(extensions)


def _read_one(request: Element) -> AskedCertificate:
    fields = Fields(request.content)
    cert_id = fields.take(SEQUENCE)
    fields.optional(_CONTEXT_0)
    fields.end()
    parts = Fields(cert_id.content)
    algorithm = Fields(parts.take(SEQUENCE).content).take(OBJECT_IDENTIFIER).raw
    name_hash, key_hash = parts.take(OCTET_STRING).content, parts.take(OCTET_STRING).content
    serial = parts.take(INTEGER).content
    parts.end()
    return AskedCertificate(
        cert_id=cert_id.raw,
        hash_algorithm=_HASH_OF_OID.get(algorithm),
        issuer_hashes=(name_hash, key_hash),
        # a serial number that no CA may give is unknown, not unreadable
        serial=int.from_bytes(serial, "big", signed=True),
    )


def _read_nonce(extensions: Element) -> bytes | None:
    nonce = None
    for extension in elements(read(extensions.content).content):
        fields = Fields(extension.content)
        kind = fields.take(OBJECT_IDENTIFIER).raw
        critical = fields.optional(_BOOLEAN)
        value = fields.take(OCTET_STRING).content
        fields.end()
        if kind == NONCE_OID:
            # a nonce of length zero is malformed (RFC 9654, section 2.1)
            if nonce is not None or not 2 < len(value) <= MAX_NONCE_OCTETS:
                raise UnreadableRequest("the nonce is there twice, too short or too long")
            nonce = value
        elif critical is not None and critical.content != b"\x00":
            raise UnreadableRequest("there is a critical extension that is not known")
    return nonce
