"""A token that was verified when it came in, read again from where it was kept."""

from __future__ import annotations

from qsignhub.foundation.der import NotDer
from qsignhub.timestamping.algorithms import HASH_OF_IDENTIFIER
from qsignhub.timestamping.authority import authority_certificate, issuer_and_serial, key_identifier_of
from qsignhub.timestamping.errors import TimestampMalformed
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.token import SignedToken, read_token, read_tst_info


def read_kept_token(der: bytes) -> TimestampToken:
    """What a stored token says. Nothing is verified here: keep only what ``verify_response`` let pass."""
    try:
        token = read_token(der)
        info = read_tst_info(token.info_der)
    except NotDer as wrong:
        raise TimestampMalformed(f"The stored timestamp cannot be read: {wrong}") from wrong
    authority = authority_certificate(_signer(token))
    return TimestampToken(
        der=der,
        gen_time=info.gen_time,
        serial=info.serial,
        policy=info.policy,
        imprint=info.imprint,
        hash_algorithm=HASH_OF_IDENTIFIER[info.hash_identifier.raw],
        authority=authority.name,
        certificate=authority.der,
        certificates=token.certificates,
    )


def _signer(token: SignedToken) -> bytes:
    for certificate in token.certificates:
        by_name = issuer_and_serial(certificate) == token.issuer_and_serial
        if by_name or (token.key_identifier and key_identifier_of(certificate) == token.key_identifier):
            return certificate
    raise TimestampMalformed("The stored timestamp does not carry its authority's certificate")
