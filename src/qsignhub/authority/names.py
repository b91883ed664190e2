"""Who an authority is, whom its certificates name, and how that is written (RFC 5280, EN 319 412)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.x509.oid import NameOID

from qsignhub.authority.errors import SubjectRefused

_COMMON_NAME_OCTETS = 64  # ub-common-name (RFC 5280 appendix A), in octets to be safe everywhere
_NAME_CHARACTERS = 200
_SERIAL_CHARACTERS = 64  # ub-serial-number
_COUNTRY = re.compile("[A-Z]{2}")
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")
_TURNING_THE_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PATHS_OF_SERVICES = frozenset({"ocsp", "tsa"})
DocumentKind: TypeAlias = Literal["PAS", "IDC", "PNO", "TIN"]


@dataclass(frozen=True, slots=True)
class AuthorityNames:
    """``name`` tells the authority apart here; the others stand in its certificates.

    ``country`` is ISO 3166-1 alpha-2. ``organization_identifier`` has a scheme of EN 319 412-1 clause 5.1.4
    (``VATBE-0123456789``). ``brand`` is what its CAs and services are called, else the organisation. ``mark``
    goes before every common name, and ``marks_signers`` puts the organisation into signers' names too: both
    are for what has no legal value.
    """

    name: str
    organization: str
    country: str
    organization_identifier: str | None = None
    mark: str = ""
    brand: str = ""
    marks_signers: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][a-z0-9-]{0,39}", self.name) or self.name in _PATHS_OF_SERVICES:
            raise ValueError("an authority's name is lower-case letters, digits and hyphens, 40 at most")


SANDBOX = AuthorityNames(
    name="sandbox",
    organization="QSignHub Sandbox",
    country="BE",
    organization_identifier="NTRBE-0000000000",
    mark="SANDBOX",
    brand="QSignHub",
    marks_signers=True,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The person a signer certificate names; ``country`` is ISO 3166-1 alpha-2.

    ``given_name`` and ``surname`` where somebody told them apart. ``identifier`` is the number of an
    identity document with its scheme (``natural_identifier``), where it is known.
    """

    name: str
    country: str | None
    given_name: str | None = None
    surname: str | None = None
    identifier: str | None = None


@dataclass(frozen=True, slots=True)
class LegalPerson:
    """The organisation that a seal certificate names; ``identifier`` as of EN 319 412-1 clause 5.1.4."""

    name: str
    country: str
    identifier: str


def natural_identifier(kind: DocumentKind, country: str, number: str) -> str:
    """The serialNumber of a person by a document: ``IDCPL-AZE123456`` (EN 319 412-1 clause 5.1.3).

    Raises SubjectRefused.
    """
    identifier = f"{kind}{country}-{number}"
    if not _COUNTRY.fullmatch(country) or not number:
        raise SubjectRefused(
            "An identity document is named by a country of two capital letters and a number."
        )
    _check_serial(identifier)
    return identifier


def service_name(names: AuthorityNames, what: str) -> x509.Name:
    """An issuer's name, or a service's (EN 319 412-2 clause 4.2.3.1: C, O, organizationIdentifier, CN)."""
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, names.country),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, names.organization),
    ]
    if names.organization_identifier is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, names.organization_identifier))
    common = f"{names.mark} {names.brand or names.organization} {what}".strip()
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, _cut(common))])


def signer_name(names: AuthorityNames, subject: Subject) -> x509.Name:
    """C, CN, givenName and surname, serialNumber (EN 319 412-2 clause 4.2.4). Raises SubjectRefused.

    A name of two words is taken for given name and surname. What nobody told apart is the surname as a whole,
    as in travel documents (ICAO Doc 9303-3 clause 4.6): a pseudonym it is not, and to call it one would say
    that the person is hidden (eIDAS Annex I (c)).
    """
    _check_name(subject.name)
    given, surname = subject.given_name, subject.surname
    if given is None and surname is None:
        words = subject.name.split()
        given, surname = words if len(words) == 2 else (None, " ".join(words))
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, _country(subject.country or names.country))]
    if names.marks_signers:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, names.organization))
    for oid, part in ((NameOID.GIVEN_NAME, given), (NameOID.SURNAME, surname)):
        if part is not None:
            _check_name(part)
            attributes.append(x509.NameAttribute(oid, part))
    serial = subject.identifier or secrets.token_hex(16).upper()
    _check_serial(serial)
    attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name(names, subject.name))])


def legal_name(names: AuthorityNames, subject: LegalPerson) -> x509.Name:
    """C, O, organizationIdentifier, CN (EN 319 412-3 clause 4.2.1). Raises SubjectRefused."""
    _check_name(subject.name)
    _check_name(subject.identifier)
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, _country(subject.country)),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _cut(subject.name)),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, subject.identifier),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name(names, subject.name)),
        ]
    )


def common_name(names: AuthorityNames, name: str) -> str:
    """The mark and the name, cut between two characters where it would be too long in UTF-8."""
    return _cut(f"{names.mark} {name}".strip())


def _cut(text: str) -> str:
    return text.encode()[:_COMMON_NAME_OCTETS].decode(errors="ignore").rstrip()


def _country(country: str) -> str:
    if not _COUNTRY.fullmatch(country):
        raise SubjectRefused("A country is two capital letters (ISO 3166-1).")
    return country


def _check_name(name: str) -> None:
    if not name.strip():
        raise SubjectRefused("A certificate names somebody; this name is empty.")
    if len(name) > _NAME_CHARACTERS:
        raise SubjectRefused(f"A name in a certificate has at most {_NAME_CHARACTERS} characters.")
    if any(is_unseen(character) for character in name):
        raise SubjectRefused("A name in a certificate has no control characters.")


def is_unseen(character: str) -> bool:
    """Controls, line ends, halves of surrogates, and what turns the direction of writing.

    Joiners are none of these: there are names that are not written without them.
    """
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _TURNING_THE_DIRECTION


def _check_serial(serial: str) -> None:
    if len(serial) > _SERIAL_CHARACTERS or not _PRINTABLE.fullmatch(serial):
        raise SubjectRefused("A number in a certificate is 64 letters, digits and simple signs at most.")
