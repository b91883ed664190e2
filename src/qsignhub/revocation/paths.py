"""The way from a certificate to a trust anchor, by names and signatures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from qsignhub.revocation.errors import RevocationPathMissing
from qsignhub.revocation.issuers import UNREADABLE, load_certificate

MAX_LENGTH = 10
_MAX_TRIED = 100


def path_of(leaf: bytes, candidates: Sequence[bytes], anchors: Sequence[bytes]) -> tuple[bytes, ...]:
    """``leaf``, its issuer, …, and one of ``anchors`` last; everything is DER.

    Every member's signature is by the next one's key, and every issuer below the anchor is a CA that may
    sign certificates. Validity in time, policies and names are not looked at: this finds whose status is
    to be asked of whom, and validation judges the path. A leaf that is an anchor is a path by itself.
    Raises RevocationPathMissing; RevocationMalformed where the leaf or an anchor cannot be read.
    """
    return _path(leaf, tuple(candidates), tuple(anchors))


@lru_cache(maxsize=256)
def _path(leaf: bytes, candidates: tuple[bytes, ...], anchors: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """It depends on nothing else, and is asked several times of each signature (errors are not kept)."""
    trusted = set(anchors)
    for anchor in trusted:
        load_certificate(anchor)
    # anchors first: the shortest way is taken; unreadable candidates lead nowhere
    issuers = [*anchors, *(one for one in dict.fromkeys(candidates) if one not in trusted and _reads(one))]
    found = next(_ways((leaf,), issuers, trusted, [_MAX_TRIED]), None)
    if found is None:
        name = load_certificate(leaf).subject.rfc4514_string()
        raise RevocationPathMissing(f"There is no way from {name} to a trust anchor")
    return found


def _ways(
    path: tuple[bytes, ...], issuers: Sequence[bytes], trusted: set[bytes], left: list[int]
) -> Iterator[tuple[bytes, ...]]:
    """Depth first, back from where no way leads on; ``left`` bounds the signatures that are checked."""
    last = path[-1]
    if last in trusted:
        yield path
        return
    if len(path) >= MAX_LENGTH:
        return
    wanted = load_certificate(last).issuer
    for issuer in issuers:
        if issuer in path or load_certificate(issuer).subject != wanted:
            continue
        left[0] -= 1
        if left[0] < 0:
            return
        if is_issued_by(last, issuer) and (issuer in trusted or _is_ca(issuer)):
            yield from _ways((*path, issuer), issuers, trusted, left)


@lru_cache(maxsize=1024)
def is_issued_by(certificate: bytes, issuer: bytes) -> bool:
    """Whether name and signature of ``certificate`` are those of ``issuer``."""
    try:
        load_certificate(certificate).verify_directly_issued_by(load_certificate(issuer))
    except (InvalidSignature, UnsupportedAlgorithm, *UNREADABLE):
        return False
    return True


@lru_cache(maxsize=1024)
def _is_ca(certificate: bytes) -> bool:
    try:
        extensions = load_certificate(certificate).extensions
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


@lru_cache(maxsize=1024)
def _reads(certificate: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(certificate)
    except UNREADABLE:
        return False
    return True
