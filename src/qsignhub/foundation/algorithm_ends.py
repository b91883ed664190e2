"""Until when algorithms and key sizes are held to be strong enough: ETSI TS 119 312 V1.5.1, tables 1 to 4.

What is not named an end is expected to hold for the years that can be overlooked. When a new edition says
otherwise this table is mended; what is in force is looked at again within a month.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

_OVER: Final = datetime(2012, 8, 1, tzinfo=UTC)
_LEGACY: Final = datetime(2029, 1, 1, tzinfo=UTC)
_HASH_ENDS: Final[dict[str, datetime | None]] = {
    "sha1": _OVER,
    "sha224": _LEGACY,
    "sha256": None,
    "sha384": None,
    "sha512": None,
    "sha3-256": None,
    "sha3-384": None,
    "sha3-512": None,
}
_LASTING_BITS: Final = 3000
_LEGACY_BITS: Final = 1900
_LASTING_CURVE_BITS: Final = 256


def hash_end(name: str) -> datetime | None:
    """None: no end is in sight. A hash that is not in the table is over."""
    return _HASH_ENDS.get(name, _OVER)


def key_end(key: object, *, pss: bool) -> datetime | None:
    """Of signatures by a public key's owner; ``pss``: RSASSA-PSS, since PKCS#1 v1.5 ends at any size."""
    if isinstance(key, rsa.RSAPublicKey):
        if pss and key.key_size >= _LASTING_BITS:
            return None
        return _LEGACY if key.key_size >= _LEGACY_BITS else _OVER
    if isinstance(key, dsa.DSAPublicKey):
        if key.key_size >= _LASTING_BITS:
            return None
        return _LEGACY if key.key_size >= _LEGACY_BITS else _OVER
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.key_size >= _LASTING_CURVE_BITS else _OVER
    return None
