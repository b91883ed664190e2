"""What the journal has found out about a signing, in the terms of the rooms below."""

from __future__ import annotations

from collections.abc import Sequence

from qsignhub.ceremonies.journal import Signing, there
from qsignhub.foundation.signature_algorithms import SignatureAlgorithm, algorithm_named
from qsignhub.revocation.paths import path_of as path_to_anchor
from qsignhub.signing.format import Prepared
from qsignhub.timestamping.kept import read_kept_token
from qsignhub.timestamping.model import TimestampToken


def reference_of(signing: Signing) -> str:
    """What the certificate is issued for: the signing, or its so-manieth beginning."""
    return f"{signing.id}-{signing.renewals}" if signing.renewals else signing.id


def algorithm_of(signing: Signing) -> SignatureAlgorithm:
    return algorithm_named(there(signing.algorithm))


def path_of(signing: Signing) -> tuple[bytes, ...]:
    """From the certificate to its root, the last of the chain."""
    chain = there(signing.chain)
    return path_to_anchor(there(signing.certificate), chain, [chain[-1]])


def issuers_of(signing: Signing) -> Sequence[bytes]:
    """What the signature carries of its path: all above the certificate but the root."""
    return path_of(signing)[1:-1]


def prepared_of(signing: Signing) -> Prepared:
    start, end = signing.reserved_start, signing.reserved_end
    reserved = None if start is None or end is None else (start, end)
    return Prepared(there(signing.signed_attributes), reserved)


def token_of(signing: Signing) -> TimestampToken:
    return read_kept_token(there(signing.timestamp_token))
