"""Version, serial number, algorithms, validity, keys (RFC 5280 clause 4.1; TS 119 312)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from qsignhub.authority.lint.inspected import Inspected
from qsignhub.authority.lint.rules import rule
from qsignhub.authority.template import ECDSA_WITH_SHA256, ECDSA_WITH_SHA384
from qsignhub.foundation import der

_CURVES = (ec.SECP256R1, ec.SECP384R1)
_RSA_BITS = 3072
_SERIAL_BITS = 64
_SERIAL_OCTETS = 20
_LONGEST = {
    "root": timedelta(days=7305),
    "ca": timedelta(days=3653),
    "ocsp": timedelta(days=1827),
    "tsa": timedelta(days=1827),
    "signer": timedelta(days=1096),
    "seal": timedelta(days=1096),
}
_ONE_TIME_LONGEST = timedelta(hours=1)
"""Far below the 24 hours that a revocation may take (eIDAS Art. 24(3)): a short-term certificate."""


@rule("RFC 5280 clause 4.1.2.1")
def version_3(found: Inspected) -> Iterator[str]:
    if found.version != der.integer(2):
        yield "It is not a certificate of version 3."


@rule("RFC 5280 clause 4.2")
def extensions_once(found: Inspected) -> Iterator[str]:
    if len({each.oid for each in found.raw_extensions}) != len(found.raw_extensions):
        yield "An extension stands there twice."


@rule("RFC 5280 clause 4.1.2.2")
def serial_number(found: Inspected) -> Iterator[str]:
    number = int.from_bytes(found.serial, "big", signed=True)
    if number <= 0:
        yield "The serial number is not positive."
    if len(found.serial) > _SERIAL_OCTETS:
        yield f"The serial number has {len(found.serial)} octets; at most {_SERIAL_OCTETS} may be."
    if 0 < number.bit_length() < _SERIAL_BITS:
        yield f"The serial number has {number.bit_length()} bits: too few to be 64 random ones."


@rule("TS 119 312 clause 6; RFC 5280 clause 4.1.1.2")
def signature_algorithm(found: Inspected) -> Iterator[str]:
    if found.algorithm not in (ECDSA_WITH_SHA256, ECDSA_WITH_SHA384):
        yield "The signature is not ECDSA with SHA-256 or SHA-384."
    if found.algorithm != found.outer_algorithm:
        yield "The signature algorithm is another inside than outside."


@rule("TS 119 312 clause 6.2; EN 319 412-2 clause 4.2.5")
def subject_key(found: Inspected) -> Iterator[str]:
    key = found.public_key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, _CURVES):
            yield f"The key is on {key.curve.name}; P-256 and P-384 are allowed."
    elif isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        if key.key_size < _RSA_BITS:
            yield f"The RSA key has {key.key_size} bits; at least {_RSA_BITS} are needed."
        if not 1 << 16 < exponent < 1 << 256 or exponent % 2 == 0:
            yield "The RSA key's exponent is out of range."
    elif not isinstance(key, ed25519.Ed25519PublicKey):
        yield "The key is of no kind that may be certified: P-256, P-384, RSA from 3072 bits, Ed25519."
    if found.profile.kind in {"root", "ca"} and not isinstance(key, ec.EllipticCurvePublicKey):
        yield "A CA's key is on P-256 or P-384."


@rule("RFC 5280 clause 4.1.2.5")
def validity(found: Inspected) -> Iterator[str]:
    begin, end = found.certificate.not_valid_before_utc, found.certificate.not_valid_after_utc
    if end <= begin:
        yield "It ends before it begins."
    longest = _ONE_TIME_LONGEST if found.profile.one_time else _LONGEST[found.profile.kind]
    if end - begin > longest:
        yield f"It is valid for {end - begin}; {longest} is the longest."
    for (tag, _, _), moment in zip(found.times, (begin, end), strict=True):
        wanted = der.UTC_TIME if moment.year < 2050 else der.GENERALIZED_TIME
        if tag != wanted:
            yield "A time is UTCTime through 2049 and GeneralizedTime from 2050 on."


@rule("RFC 5280 clause 6.1")
def within_issuer(found: Inspected) -> Iterator[str]:
    if found.issuer is None:
        return
    if found.certificate.not_valid_after_utc > found.issuer.not_valid_after_utc:
        yield "It outlives its issuer."
    if found.certificate.not_valid_before_utc < found.issuer.not_valid_before_utc - timedelta(minutes=2):
        yield "It begins before its issuer does."
