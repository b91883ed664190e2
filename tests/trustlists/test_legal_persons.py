"""Seals are told from signatures by what their certificates say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from qsignhub.trustlists.legal_persons import names_legal_person
from tests.trustlists.lists import COMPLIANCE, ESEAL, ESIGN, qc_statements

KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ORGANISATION = {NameOID.ORGANIZATION_NAME: "Example", NameOID.ORGANIZATION_IDENTIFIER: "VATPL-1234567890"}
PERSON = {NameOID.GIVEN_NAME: "Anna", NameOID.SURNAME: "Kowalska"}


def certificate(subject: dict[ObjectIdentifier, str], types: tuple[str, ...] = ()) -> bytes:
    names = {NameOID.COMMON_NAME: "Somebody"} | subject
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items()])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    if types:
        stated = x509.UnrecognizedExtension(
            ObjectIdentifier("1.3.6.1.5.5.7.1.3"), qc_statements(COMPLIANCE, types=types)
        )
        builder = builder.add_extension(stated, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("subject", "types", "found"),
    [
        (ORGANISATION, (), True),
        (ORGANISATION, (ESEAL,), True),
        ({}, (ESEAL,), True),
        (PERSON, (ESIGN,), False),
        (ORGANISATION, (ESIGN,), False),
        (PERSON, (), False),
        (ORGANISATION | PERSON, (), False),
        (ORGANISATION | {NameOID.PSEUDONYM: "A"}, (), False),
        (ORGANISATION | PERSON, (ESIGN, ESEAL), False),
        ({}, (), False),
        ({NameOID.ORGANIZATION_NAME: "Example"}, (), False),
    ],
)
def test_by_qc_type_and_else_by_the_subject(
    subject: dict[ObjectIdentifier, str], types: tuple[str, ...], found: bool
) -> None:
    assert names_legal_person(certificate(subject, types)) is found


def test_what_cannot_be_read_is_no_seal() -> None:
    assert names_legal_person(b"nothing") is False
