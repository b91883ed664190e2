"""Whether a certificate meets a list's criteria (ETSI TS 119 612 clause 5.5.9.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509

from qsignhub.trustlists.model import Criteria, Qualification

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_BITS = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "crlSign": "crl_sign",
    "cRLSign": "crl_sign",
}
_AGREEMENT_BITS = {"encipherOnly": "encipher_only", "decipherOnly": "decipher_only"}


@dataclass(frozen=True, slots=True)
class Traits:
    """Of a certificate, what criteria ask for."""

    key_usage: frozenset[str]
    policies: frozenset[str]
    extended_key_usage: frozenset[str]
    subject_attributes: frozenset[str]


def traits(certificate: x509.Certificate) -> Traits:
    extensions = certificate.extensions
    usage = _extension(extensions, x509.KeyUsage)
    policies = _extension(extensions, x509.CertificatePolicies)
    extended = _extension(extensions, x509.ExtendedKeyUsage)
    return Traits(
        key_usage=frozenset(_bits(usage)) if usage is not None else frozenset(),
        policies=frozenset(one.policy_identifier.dotted_string for one in policies or ()),
        extended_key_usage=frozenset(one.dotted_string for one in extended or ()),
        subject_attributes=frozenset(one.oid.dotted_string for one in certificate.subject),
    )


def qualifiers_of(qualifications: tuple[Qualification, ...], of: Traits) -> frozenset[str] | None:
    """The qualifiers that hold for a certificate; None where a criterion decides that is not known here."""
    found: set[str] = set()
    for qualification in qualifications:
        met = meets(qualification.criteria, of)
        if met is None:
            return None
        if met:
            found |= qualification.qualifiers
    return frozenset(found)


def meets(criteria: Criteria, of: Traits) -> bool | None:
    """None where it depends on a criterion that is not known here."""
    answers = [*_answers(criteria, of), *([None] * criteria.unknown)]
    if criteria.assertion == "all":
        return _all(answers)
    some = _negated(_all([_negated(answer) for answer in answers]))
    return some if criteria.assertion == "atLeastOne" else _negated(some)


def _answers(criteria: Criteria, of: Traits) -> Iterator[bool | None]:
    for bits in criteria.key_usages:
        yield all((name in of.key_usage) == value for name, value in bits)
    for policies in criteria.policy_sets:
        yield policies <= of.policies
    for purposes in criteria.extended_key_usages:
        yield purposes <= of.extended_key_usage
    for attributes in criteria.subject_attributes:
        yield attributes <= of.subject_attributes
    for nested in criteria.nested:
        yield meets(nested, of)


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _bits(usage: x509.KeyUsage) -> Iterator[str]:
    yield from (name for name, attribute in _BITS.items() if getattr(usage, attribute))
    if usage.key_agreement:  # the other two mean nothing without it (RFC 5280 clause 4.2.1.3)
        yield from (name for name, attribute in _AGREEMENT_BITS.items() if getattr(usage, attribute))


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
