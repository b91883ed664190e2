from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qsignhub.authority.errors import SubjectRefused
from qsignhub.authority.names import (
    SANDBOX,
    AuthorityNames,
    Subject,
    common_name,
    natural_identifier,
    signer_name,
)
from qsignhub.authority.urls import Urls
from qsignhub.bootstrap import Services

NAMES = [
    "Anna Kowalska",
    "Константин Константинопольский",
    "Ελευθερία Παπαδοπούλου-Οικονόμου του Γεωργίου",
    "王" * 200,
    "Z\u0301" * 100,
    "x" * 200,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_common_name_fits_and_says_sandbox(name: str) -> None:
    shown = common_name(SANDBOX, name)
    assert shown.startswith("SANDBOX ")
    assert len(shown.encode()) <= 64
    assert f"SANDBOX {name}".startswith(shown)


@pytest.mark.parametrize("name", NAMES)
async def test_every_name_gets_a_certificate_once(services: Services, name: str) -> None:
    authority = services.authority
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    async with services.database.transaction() as tx:
        first = await authority.issue_signer_certificate(tx, "reference", key, Subject(name, "PL"))
        again = await authority.issue_signer_certificate(tx, "reference", key, Subject(name, "PL"))
    assert first == again
    subject = x509.load_der_x509_certificate(first).subject
    [organization] = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organization.value == "QSignHub Sandbox"


@pytest.mark.parametrize(
    "name", ["", "  ", "Anna\x00", "Anna\nNowak", "Anna\u202eNowak", "x" * 201, "\ud800"]
)
def test_a_name_that_no_certificate_may_carry(name: str) -> None:
    for made in (Subject(name, "PL"), Subject("Anna Nowak", "PL", given_name=name, surname="Nowak")):
        with pytest.raises(SubjectRefused):
            signer_name(SANDBOX, made)


@pytest.mark.parametrize(
    ("subject", "given", "surname"),
    [
        (Subject("Anna Kowalska", "PL"), "Anna", "Kowalska"),
        (Subject("Björk", "IS"), None, "Björk"),
        (Subject("José Ángel de la Cruz", "ES"), None, "José Ángel de la Cruz"),
        (Subject("José de la Cruz", "ES", given_name="José", surname="de la Cruz"), "José", "de la Cruz"),
    ],
)
def test_given_name_and_surname(subject: Subject, given: str | None, surname: str) -> None:
    """EN 319 412-2 clause 4.2.4: one or both of them, and never a pseudonym beside."""
    name = signer_name(SANDBOX, subject)
    found = {each.oid: each.value for each in name}
    assert found.get(NameOID.GIVEN_NAME) == given
    assert found[NameOID.SURNAME] == surname
    assert NameOID.PSEUDONYM not in found


@pytest.mark.parametrize("country", ["pl", "POL", "P", "", "Ż1"])
def test_a_country_is_two_capital_letters(country: str) -> None:
    with pytest.raises(SubjectRefused):
        natural_identifier("IDC", country, "AZE123456")
    if country:
        with pytest.raises(SubjectRefused):
            signer_name(SANDBOX, Subject("Anna Nowak", country))


def test_addresses_are_http_and_the_disclosure_statement_https() -> None:
    for base in ("https://sign.example.org", "https://sign.example.org:8443", "http://127.0.0.1:8080"):
        urls = Urls(base)
        host = "127.0.0.1:8080" if base.startswith("http:") else "sign.example.org"
        assert urls.ocsp == f"http://{host}/pki/ocsp"
        assert urls.crl("ca-aes") == f"http://{host}/pki/ca-aes.crl"
        assert urls.disclosure_statement.startswith("https://")
        assert urls.practice_statement == f"{base}/docs/policies/practice-statement"
    own = Urls("https://sign.example.org", "/pki/house", "https://docs.example.org")
    assert own.certificate("root") == "http://sign.example.org/pki/house/root.crt"
    assert own.disclosure_statement == "https://docs.example.org/policies/disclosure-statement"


@pytest.mark.parametrize("name", ["", "Sandbox", "a/b", "ocsp", "tsa", "x" * 41, "-a"])
def test_an_authority_has_a_name_that_fits_into_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="authority's name"):
        AuthorityNames(name, "House", "PL")


async def test_what_was_never_issued_is_never_good(services: Services) -> None:
    status = await services.authority.status_of(0x1234)
    assert not status.is_good
