"""Signed attributes that CAdES adds to those of every CMS signature (EN 319 122-1 clause 5.2)."""

from __future__ import annotations

from typing import Final

from qsignhub.foundation.der import SEQUENCE, SET, UTF8, encode, object_identifier
from qsignhub.signing.cms import CONTEXT_0, attribute

_MIME_TYPE: Final = object_identifier("0.4.0.1733.2.1")
_SIGNER_ATTRIBUTES_V2: Final = object_identifier("0.4.0.19122.1.1")
_DESCRIPTION: Final = object_identifier("2.5.4.13")  # X.520 clause 6.4.1


def mime_type(media_type: str) -> bytes:
    """mime-type (clause 5.2.4.2) of the signed data: for a signature that stands outside of them."""
    return attribute(_MIME_TYPE, encode(UTF8, media_type.encode()))


def claimed(statement: str) -> bytes:
    """signer-attributes-v2 (clause 5.2.6.1) with one claimed attribute: what the signer says beside, as an
    X.520 description.
    """
    description = encode(SEQUENCE, _DESCRIPTION, encode(SET, encode(UTF8, statement.encode())))
    return attribute(
        _SIGNER_ATTRIBUTES_V2, encode(SEQUENCE, encode(CONTEXT_0, encode(SEQUENCE, description)))
    )
