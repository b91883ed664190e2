"""Key pairs on a PKCS#11 token: made inside, found, used, destroyed. Blocking; one session at a time.

A pair is found by its CKA_ID, ``<algorithm>/<32 hexadecimal digits>``, which no other pair has; so its
algorithm cannot be taken for another. CKA_LABEL is the key's id, for operators, and the same for pairs
that were made for one key at once, of which one is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.constants import Attribute, MechanismFlag, ObjectClass
from pkcs11.exceptions import ObjectHandleInvalid
from pkcs11.mechanisms import MGF, KeyType, Mechanism

from qsignhub.custody.adapters.pkcs11_module import Opened
from qsignhub.custody.adapters.pkcs11_sessions import NotOnToken
from qsignhub.custody.errors import KeyUnsuitable
from qsignhub.foundation.signature_algorithms import (
    MIN_RSA_BITS,
    Name,
    PublicKey,
    SignatureAlgorithm,
    algorithm_named,
)

if TYPE_CHECKING:
    from pkcs11.types import SignMixin

_KEYS_HELD = 256
_CURVES: dict[Name, tuple[KeyType, Mechanism, bytes]] = {
    "ES256": (KeyType.EC, Mechanism.EC_KEY_PAIR_GEN, bytes.fromhex("06082a8648ce3d030107")),
    "ES384": (KeyType.EC, Mechanism.EC_KEY_PAIR_GEN, bytes.fromhex("06052b81040022")),
    "EdDSA": (KeyType.EC_EDWARDS, Mechanism.EC_EDWARDS_KEY_PAIR_GEN, bytes.fromhex("06032b6570")),
}
"""With the curve's object identifier as CKA_EC_PARAMS (RFC 5480, RFC 8410)."""

_SIGN: dict[Name, tuple[Mechanism, Any]] = {
    "ES256": (Mechanism.ECDSA, None),
    "ES384": (Mechanism.ECDSA, None),
    "RS256": (Mechanism.SHA256_RSA_PKCS, None),
    "PS256": (Mechanism.SHA256_RSA_PKCS_PSS, (Mechanism.SHA256, MGF.SHA256, 32)),
    "EdDSA": (Mechanism.EDDSA, None),
}
_RSA: frozenset[Name] = frozenset({"RS256", "PS256"})
_STAYS_INSIDE = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.SIGN_RECOVER: False,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
}
_MADE_INSIDE = {
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
}


def algorithm_of(pair_id: bytes) -> SignatureAlgorithm:
    return algorithm_named(pair_id.partition(b"/")[0].decode())


def generate(opened: Opened, key_id: str, algorithm: SignatureAlgorithm) -> bytes:
    """A pair made inside the token, never to leave it; its CKA_ID.

    Raises KeyUnsuitable where the token cannot make such a pair, or would let it out.
    """
    kind, make, curve = _CURVES.get(algorithm.name, (KeyType.RSA, Mechanism.RSA_PKCS_KEY_PAIR_GEN, None))
    offered = opened.session.token.slot.get_mechanisms()
    for needed in (make, _SIGN[algorithm.name][0]):
        if needed not in offered:
            raise KeyUnsuitable(f"The token has no {needed.name}, which {algorithm.name} takes.")
    pair_id = f"{algorithm.name}/{secrets.token_hex(16)}".encode()
    wanted: dict[str, Any] = {
        "id": pair_id,
        "label": key_id,
        "store": True,
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
        "mechanism": make,
        "private_template": _STAYS_INSIDE,
    }
    with opened.objects:
        if curve is None:
            opened.session.generate_keypair(KeyType.RSA, MIN_RSA_BITS, **wanted)
        else:
            domain = {Attribute.EC_PARAMS: curve}
            parameters = opened.session.create_domain_parameters(kind, domain, local=True)
            parameters.generate_keypair(**wanted)
        private = _find_private(opened, pair_id)
        if any(private[attribute] is not value for attribute, value in _MADE_INSIDE.items()):
            destroy(opened, {pair_id})
            raise KeyUnsuitable("The token would let private keys out: it does not keep them sensitive.")
    return pair_id


def public_key(opened: Opened, pair_id: bytes) -> PublicKey:
    """Raises NotOnToken."""
    algorithm = algorithm_of(pair_id)
    wanted = (
        (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT) if algorithm.name in _RSA else (Attribute.EC_POINT,)
    )
    with opened.objects:
        _find_private(opened, pair_id)  # the other half may be gone by itself
        found = next(opened.session.get_objects(_named(ObjectClass.PUBLIC_KEY, pair_id)), None)
        if found is None:
            raise NotOnToken(opened)
        values = [found[attribute] for attribute in wanted]
    key: PublicKey
    if algorithm.name in _RSA:
        modulus, exponent = (int.from_bytes(value, "big") for value in values)
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    elif algorithm.name == "EdDSA":
        key = ed25519.Ed25519PublicKey.from_public_bytes(_point(values[0], 32))
    else:
        curve = ec.SECP256R1() if algorithm.name == "ES256" else ec.SECP384R1()
        octets = 2 * (curve.key_size // 8) + 1
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, _point(values[0], octets))
    if not algorithm.fits(key):
        raise KeyUnsuitable(f"The key on the token is not one for {algorithm.name}.")
    return key


def sign(opened: Opened, pair_id: bytes, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
    """The signature value, as ``Custody.sign`` has it. Raises NotOnToken."""
    key = opened.keys.get(pair_id) or _find_private(opened, pair_id)
    mechanism, parameters = _SIGN[algorithm.name]
    if mechanism is not Mechanism.ECDSA:
        return key.sign(message, mechanism=mechanism, mechanism_param=parameters)
    value = key.sign(hashlib.new(algorithm.hash_name, message).digest(), mechanism=mechanism)
    half = len(value) // 2
    return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def pairs_labelled(opened: Opened, key_id: str) -> set[bytes]:
    with opened.objects:
        return {found[Attribute.ID] for found in opened.session.get_objects({Attribute.LABEL: key_id})}


def destroy(opened: Opened, pair_ids: set[bytes]) -> None:
    """Both halves, the private one first; what is gone already is passed over."""
    with opened.objects:
        for pair_id in pair_ids:
            opened.keys.pop(pair_id, None)
            for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
                for found in list(opened.session.get_objects(_named(kind, pair_id))):
                    with suppress(ObjectHandleInvalid):
                        found.destroy()


def _find_private(opened: Opened, pair_id: bytes) -> SignMixin:
    with opened.objects:
        found = next(opened.session.get_objects(_named(ObjectClass.PRIVATE_KEY, pair_id)), None)
    if found is None:
        raise NotOnToken(opened)
    if len(opened.keys) >= _KEYS_HELD:
        opened.keys.clear()
    opened.keys[pair_id] = found  # type: ignore[assignment]
    return found  # type: ignore[return-value]


def _named(kind: ObjectClass, pair_id: bytes) -> dict[Attribute, Any]:
    return {Attribute.CLASS: kind, Attribute.ID: pair_id}


def _point(value: bytes, octets: int) -> bytes:
    """CKA_EC_POINT is an OCTET STRING in DER; several tokens give the point bare."""
    return value if len(value) == octets else value[-octets:]
