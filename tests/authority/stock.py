"""Certificates of every profile, of all sorts of people, keys and places; nothing here needs a database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from qsignhub.authority import profiles
from qsignhub.authority.hierarchy import Hierarchy, fresh_hierarchy
from qsignhub.authority.issuance import issue, prepare
from qsignhub.authority.names import SANDBOX, AuthorityNames, LegalPerson, Subject, natural_identifier
from qsignhub.authority.profiles import PROFILES
from qsignhub.authority.template import Issuer, SubjectKey, Template
from qsignhub.authority.urls import Urls

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
URLS = Urls("https://sign.qsignhub.com")
OWN = AuthorityNames("house", "Kancelaria Żółć sp. z o.o.", "PL", "VATPL-5260250274")
NAMES = (
    *("Anna Kowalska", "Żaneta Ćwiąkała-Łęcka", "Ελευθερία Παπαδοπούλου-Οικονόμου", "Юлия Щербакова"),
    *("José Ángel de la Cruz y Ordóñez", "Björk", "王小明", "Z\u0301ofia Z\u0301", "O'Neill (II)", "N" * 200),
    *("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627 \u0631\u0636\u0627\u06cc\u06cc",),
    "Ж" * 200,
)
COUNTRIES = ("PL", "GR", "BG", "DE", "FR", "SE", "IE", "RO", None)


@cache
def hierarchy(names: AuthorityNames = SANDBOX) -> Hierarchy:
    return fresh_hierarchy(names, URLS, NOW)


@cache
def keys() -> tuple[SubjectKey, ...]:
    return (
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        rsa.generate_private_key(65537, 3072).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    )


def person(number: int) -> Subject:
    name, country = NAMES[number % len(NAMES)], COUNTRIES[number % len(COUNTRIES)]
    if number % 3 == 0 and country is not None:
        kind = ("PAS", "IDC", "PNO", "TIN")[number % 4]
        identifier = natural_identifier(kind, country, f"AB{number:07}")  # type: ignore[arg-type]
        return Subject(name, country, identifier=identifier)
    if number % 3 == 1:
        given, *rest = name.split()
        return Subject(name, country, given_name=given, surname=" ".join(rest) or given)
    return Subject(name, country)


def template(profile: str, number: int = 0, names: AuthorityNames = SANDBOX) -> tuple[Template, Any]:
    """One that is right, and who is to sign it."""
    tree, now = hierarchy(names), NOW + timedelta(minutes=2 + number)
    key = keys()[number % 4]
    if profile == "root":
        fresh = ec.generate_private_key((ec.SECP256R1(), ec.SECP384R1())[number % 2])
        return profiles.root(names, fresh, now), fresh
    if profile in profiles.CA_ROLES:
        fresh = ec.generate_private_key(ec.SECP384R1())
        own = issue(prepare(profiles.root(names, fresh, NOW), fresh))
        issuer, public = Issuer(own.parsed, fresh), ec.generate_private_key(ec.SECP256R1()).public_key()
        return profiles.certification_authority(profile, names, public, issuer, URLS, now), issuer
    if profile == "ocsp":
        ca = profiles.CA_ROLES[number % 4]
        return profiles.ocsp_responder(ca, names, key, tree.issuers[ca], URLS, now), tree.issuers[ca]
    issuer = tree.issuers[PROFILES[profile].ca or ""]
    if profile == "tsa":
        return profiles.timestamp_authority(names, key, issuer, URLS, now), issuer
    if profile == "seal":
        scheme = ("VAT", "NTR")[number % 2]
        country = COUNTRIES[number % 8] or "BE"
        legal = LegalPerson(NAMES[number % len(NAMES)], country, f"{scheme}{country}-{number:010}")
        return profiles.seal(names, key, legal, issuer, URLS, now), issuer
    subject = person(number)
    return profiles.signer(profile, names, key, subject, issuer, URLS, now), issuer  # type: ignore[arg-type]


def certificates(profile: str, count: int) -> Iterator[bytes]:
    """``count`` of a profile, of the sandbox's and of an operator's own authority by turns."""
    for number, names in zip(range(count), itertools.cycle((SANDBOX, OWN)), strict=False):
        made, issuer = template(profile, number, names)
        yield issue(prepare(made, issuer)).certificate
