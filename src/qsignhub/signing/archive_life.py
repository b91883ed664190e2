"""How long an archive timestamp can be relied on by itself (EN 319 102-1 clause 5.6.3; TS 119 312)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import SignatureAlgorithmOID

from qsignhub.foundation.algorithm_ends import hash_end, key_end
from qsignhub.foundation.der import object_identifier
from qsignhub.revocation.paths import path_of
from qsignhub.timestamping.algorithms import hash_named_by
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.token import read_token

_RSA_PSS = object_identifier("1.2.840.113549.1.1.10")


def holds_until(token: TimestampToken, anchors: Sequence[bytes]) -> datetime:
    """The first end of what it rests on: a certificate's on its path below the anchor, or an algorithm's.

    Before that another archive timestamp has to cover it. Raises RevocationPathMissing where the path is
    not to be found.
    """
    path = [
        x509.load_der_x509_certificate(one) for one in path_of(token.certificate, token.certificates, anchors)
    ]
    ends = [one.not_valid_after_utc for one in path[:-1] or path]
    return min([*ends, *_ends_of_token(token, path[0]), *_ends_of_path(path)])


def _ends_of_token(token: TimestampToken, authority: x509.Certificate) -> Iterator[datetime]:
    signed = read_token(token.der)
    pss = signed.signature_identifier.content.startswith(_RSA_PSS)
    for end in (
        hash_end(token.hash_algorithm),
        hash_end(hash_named_by(signed.digest_identifier)),
        key_end(authority.public_key(), pss=pss),
    ):
        if end is not None:
            yield end


def _ends_of_path(path: Sequence[x509.Certificate]) -> Iterator[datetime]:
    """Of the signatures on it; the anchor's own is not relied on."""
    for certificate, issuer in pairwise(path):
        pss = certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS
        hashed = certificate.signature_hash_algorithm
        for end in (
            hash_end(hashed.name) if hashed is not None else None,  # EdDSA hashes by itself
            key_end(issuer.public_key(), pss=pss),
        ):
            if end is not None:
                yield end
