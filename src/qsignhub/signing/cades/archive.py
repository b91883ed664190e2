"""archive-time-stamp-v3 with its ats-hash-index-v3 (EN 319 122-1 clauses 5.5.2 and 5.5.3).

The index lists the hash of each certificate, revocation value and unsigned attribute that is there now; it
stands in the token, so certificates and signatures may come to the file later, in whatever order.
All hashes are SHA-256, as the imprint is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from qsignhub.foundation.der import OCTET_STRING, SEQUENCE, encode, object_identifier
from qsignhub.signing.cades import timestamp_token
from qsignhub.signing.cades.signed_file import Surroundings
from qsignhub.signing.cades.signer_info import signed_fields, unsigned_values, with_unsigned
from qsignhub.signing.cms import DATA, DIGEST_ALGORITHMS, attribute

_ARCHIVE_TIMESTAMP_V3: Final = object_identifier("0.4.0.1733.2.4")
_HASH_INDEX_V3: Final = object_identifier("0.4.0.19122.1.5")


def hash_index(surroundings: Surroundings, signer_info: bytes) -> bytes:
    """DER of the ATSHashIndexV3 of one of the signatures: the same before the file is written and after."""
    return encode(
        SEQUENCE,
        DIGEST_ALGORITHMS["sha256"],
        _hashes(sorted(surroundings.certificates)),
        _hashes(sorted(surroundings.revocation_values)),
        _hashes(unsigned_values(signer_info)),
    )


def imprint(content_digest: bytes, signer_info: bytes, index: bytes) -> bytes:
    """SHA-256 of what the timestamp covers; ``content_digest`` is SHA-256 of the signed content, whatever
    hash the signature has.
    """
    return hashlib.sha256(DATA + content_digest + signed_fields(signer_info) + index).digest()


def archived(signer_info: bytes, token: bytes, index: bytes) -> bytes:
    """The SignerInfo with the timestamp, which has the index as unsigned attribute. Raises NotDer."""
    indexed = timestamp_token.with_attribute(token, attribute(_HASH_INDEX_V3, index))
    return with_unsigned(signer_info, attribute(_ARCHIVE_TIMESTAMP_V3, indexed))


def _hashes(many: Iterable[bytes]) -> bytes:
    return encode(SEQUENCE, *(encode(OCTET_STRING, hashlib.sha256(one).digest()) for one in many))
