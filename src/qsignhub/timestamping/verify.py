"""Checking what a timestamp authority answered (RFC 3161, section 2.2 and 2.4.2; RFC 5816)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from qsignhub.foundation.der import OCTET_STRING, SEQUENCE, Element, Fields, NotDer, elements, read
from qsignhub.timestamping.algorithms import HASH_OF_IDENTIFIER, check_signature, digest, hash_named_by
from qsignhub.timestamping.authority import (
    AuthorityCertificate,
    authority_certificate,
    issuer_and_serial,
    key_identifier_of,
)
from qsignhub.timestamping.errors import (
    AuthorityExpired,
    TimestampMalformed,
    TimestampRejected,
    TimestampSignatureWrong,
    TimestampTimeImplausible,
    TimestampUnavailable,
    WrongAuthority,
    WrongImprint,
    WrongNonce,
    WrongPolicy,
)
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.path import check_path
from qsignhub.timestamping.request import TimestampRequest
from qsignhub.timestamping.status import TRANSIENT, read_status
from qsignhub.timestamping.token import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    TST_INFO,
    SignedToken,
    TstInfo,
    read_token,
    read_tst_info,
)

ALLOWED_SKEW = timedelta(seconds=60)
MAX_RESPONSE_OCTETS = 64 * 1024
_GRANTED = (0, 1)


def verify_response(
    response_der: bytes,
    request: TimestampRequest,
    *,
    anchors: Sequence[bytes] | None,
    now: datetime,
    allowed_skew: timedelta = ALLOWED_SKEW,
) -> TimestampToken:
    """The token in a TimeStampResp, once everything about it holds.

    Checked: granted; one signer; nonce, imprint, hash and policy are those of ``request``; content-type,
    message-digest and ESSCertID(v2); the certificate's purpose and its validity at genTime; the signature
    over the octets that came; genTime within ``allowed_skew`` plus the stated accuracy of ``now``; and,
    where ``anchors`` (DER certificates) are given, the path to one of them. With ``anchors=None`` the
    authority is trusted because the caller reached it some trusted way.

    Raises TimestampRejected where the authority said no, TimestampUnavailable where it said "not now",
    else the TimestampRefused that names what does not hold.
    """
    if len(response_der) > MAX_RESPONSE_OCTETS:
        raise TimestampMalformed("The timestamp response is too long")
    try:
        token_der = _granted(response_der)
        token = read_token(token_der)
        info = read_tst_info(token.info_der)
        _check_answers(info, request)
        authority = _signing_authority(token)
    except NotDer as wrong:
        raise TimestampMalformed(f"The timestamp response cannot be read: {wrong}") from wrong
    _check_attributes(token)
    check_signature(
        authority.public_key,
        token.signature_identifier,
        hash_named_by(token.digest_identifier),
        token.signature,
        token.signed_attributes,
    )
    _check_time(info, authority, now, allowed_skew)
    if anchors is not None:
        check_path(authority.der, token.certificates, anchors, info.gen_time)
    return TimestampToken(
        der=token_der,
        gen_time=info.gen_time,
        serial=info.serial,
        policy=info.policy,
        imprint=info.imprint,
        hash_algorithm=request.hash_algorithm,
        authority=authority.name,
        certificate=authority.der,
        certificates=token.certificates,
    )


def _granted(response_der: bytes) -> bytes:
    fields = Fields(read(response_der).content)
    status, failures, text = read_status(fields.take(SEQUENCE))
    if status not in _GRANTED:
        said = f"The timestamp authority refused: status {status}, failure {sorted(failures)} {text}".rstrip()
        if failures & TRANSIENT:
            raise TimestampUnavailable(said)
        raise TimestampRejected(said)
    token = fields.take(SEQUENCE)
    fields.end()
    return token.raw


def _check_answers(info: TstInfo, request: TimestampRequest) -> None:
    if HASH_OF_IDENTIFIER.get(info.hash_identifier.raw) != request.hash_algorithm:
        raise WrongImprint("The timestamp is over a digest of another hash than was asked for")
    if info.imprint != request.imprint:
        raise WrongImprint("The timestamp is over another digest than was asked for")
    if info.nonce != request.nonce:
        raise WrongNonce("The timestamp does not carry the nonce that was sent: it answers something else")
    if request.policy is not None and info.policy != request.policy:
        raise WrongPolicy(f"The timestamp is under policy {info.policy}, not {request.policy}")


def _signing_authority(token: SignedToken) -> AuthorityCertificate:
    """The certificate that the SignerInfo names and that ESSCertID(v2) binds. Raises NotDer too."""
    for certificate in token.certificates:
        if token.issuer_and_serial is not None:
            named = issuer_and_serial(certificate) == token.issuer_and_serial
        else:
            named = key_identifier_of(certificate) == token.key_identifier
        if named and _is_bound(token, certificate):
            return authority_certificate(certificate)
    raise WrongAuthority("The certificate that the timestamp was signed under is not in it, or is another")


def _is_bound(token: SignedToken, certificate: bytes) -> bool:
    """Whether the signed attribute signing-certificate(-v2) is about this certificate.

    Its first entry is the signer's (RFC 5035, section 3 and 4). In the first version the hash is SHA-1,
    which serves to name the certificate; the signature under it is checked all the same.
    """
    second = token.attributes.get(SIGNING_CERTIFICATE_V2)
    first = token.attributes.get(SIGNING_CERTIFICATE)
    if second is not None:
        fields = _first_identifier(second)
        algorithm = fields.optional(SEQUENCE)
        expected = digest("sha256" if algorithm is None else hash_named_by(algorithm), certificate)
        return fields.take(OCTET_STRING).content == expected
    if first is not None:
        expected = hashlib.sha1(certificate, usedforsecurity=False).digest()
        return _first_identifier(first).take(OCTET_STRING).content == expected
    raise NotDer("the signing certificate is not among the signed attributes")


def _first_identifier(value: Element) -> Fields:
    identifiers = elements(Fields(value.content).take(SEQUENCE).content)
    if value.tag != SEQUENCE or not identifiers or identifiers[0].tag != SEQUENCE:
        raise NotDer("the attribute signing-certificate cannot be read")
    return Fields(identifiers[0].content)


def _check_attributes(token: SignedToken) -> None:
    content_type = token.attributes.get(CONTENT_TYPE)
    message_digest = token.attributes.get(MESSAGE_DIGEST)
    if content_type is None or content_type.raw != TST_INFO:
        raise TimestampMalformed("The signed attribute content-type is missing or wrong")
    if message_digest is None or message_digest.tag != OCTET_STRING:
        raise TimestampMalformed("The signed attribute message-digest is missing")
    if message_digest.content != digest(hash_named_by(token.digest_identifier), token.info_der):
        raise TimestampSignatureWrong("The message digest is not that of the timestamp's content")


def _check_time(
    info: TstInfo, authority: AuthorityCertificate, now: datetime, allowed_skew: timedelta
) -> None:
    if not authority.not_before <= info.gen_time <= authority.not_after:
        raise AuthorityExpired("The timestamp authority's certificate was not valid at the time it states")
    if abs(info.gen_time - now) > allowed_skew + info.accuracy:
        raise TimestampTimeImplausible(
            f"The timestamp states {info.gen_time.isoformat()}, too far from our clock, {now.isoformat()}"
        )
