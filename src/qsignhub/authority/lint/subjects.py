"""Whom a certificate names, and how (EN 319 412-2 clause 4.2.4, EN 319 412-3 clause 4.2.1, RFC 5280)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from qsignhub.authority.lint.inspected import Inspected
from qsignhub.authority.lint.rules import rule
from qsignhub.authority.names import is_unseen
from qsignhub.foundation import der

_OCTETS: Final = {NameOID.COMMON_NAME: 64, NameOID.ORGANIZATION_NAME: 64, NameOID.SERIAL_NUMBER: 64}
_LONGEST_OCTETS = 800
_PRINTABLE: Final = {
    der.object_identifier(each.dotted_string) for each in (NameOID.COUNTRY_NAME, NameOID.SERIAL_NUMBER)
}
_SERVICE = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
_LEGAL = (*_SERVICE, NameOID.ORGANIZATION_IDENTIFIER)
_PERSON = (NameOID.COUNTRY_NAME, NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER)
_ONCE = (*_LEGAL, NameOID.SERIAL_NUMBER, NameOID.PSEUDONYM)


@rule("EN 319 412-2 clause 4.2.4 (NAT-4.2.4-1 to -4)", "signer")
def natural_person(found: Inspected) -> Iterator[str]:
    yield from _attributes(found, _PERSON)
    named = _has(found, NameOID.GIVEN_NAME) or _has(found, NameOID.SURNAME)
    hidden = _has(found, NameOID.PSEUDONYM)
    if named == hidden:
        yield "It has a given name or a surname, or else a pseudonym."


@rule("EN 319 412-3 clause 4.2.1", "seal")
def legal_person(found: Inspected) -> Iterator[str]:
    yield from _attributes(found, _LEGAL)
    subject = found.certificate.subject
    names = {str(each.value).casefold() for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)}
    for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER):
        if str(each.value).casefold() in names:
            yield "The organisation's identifier is its name."


@rule("EN 319 412-2 clause 4.2.3.1", "root", "ca", "ocsp", "tsa")
def service(found: Inspected) -> Iterator[str]:
    yield from _attributes(found, _SERVICE)


@rule("RFC 5280 clauses 4.1.2.4 and 4.1.2.6, appendix A")
def name_values(found: Inspected) -> Iterator[str]:
    for each in found.certificate.subject:
        value = each.value if isinstance(each.value, str) else ""
        what = each.rfc4514_attribute_name
        if not value.strip():
            yield f"The subject's {what} is empty."
        if len(value.encode()) > _OCTETS.get(each.oid, _LONGEST_OCTETS):
            yield f"The subject's {what} is too long."
        if any(is_unseen(character) for character in value):
            yield f"The subject's {what} has control characters."
    for each in found.certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME):
        if not re.fullmatch("[A-Z]{2}", str(each.value)):
            yield "The country is not two capital letters (ISO 3166-1)."


@rule("RFC 5280 clause 4.1.2.4")
def string_types(found: Inspected) -> Iterator[str]:
    """PrintableString where X.520 knows no other, UTF8String or PrintableString elsewhere."""
    for relative in der.elements(der.read(found.subject).content):
        attributes = der.elements(relative.content)
        if len(attributes) != 1:
            yield "A part of the subject's name has more than one value."
        for attribute in attributes:
            kind, value = der.elements(attribute.content)
            printable = kind.raw in _PRINTABLE
            if value.tag not in ((der.PRINTABLE,) if printable else (der.PRINTABLE, der.UTF8)):
                yield "A part of the subject's name has a string type that it may not have."


def _attributes(found: Inspected, required: tuple[x509.ObjectIdentifier, ...]) -> Iterator[str]:
    counts = [(each, len(found.certificate.subject.get_attributes_for_oid(each))) for each in _ONCE]
    for oid, count in counts:
        name = x509.NameAttribute(oid, "XX").rfc4514_attribute_name
        if count > 1:
            yield f"The subject has more than one {name}."
        elif count == 0 and oid in required:
            yield f"The subject has no {name}."


def _has(found: Inspected, oid: x509.ObjectIdentifier) -> bool:
    return bool(found.certificate.subject.get_attributes_for_oid(oid))
