from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from qsignhub.authority.profiles import Subject, common_name
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
    shown = common_name(name)
    assert shown.startswith("SANDBOX ")
    assert len(shown.encode()) <= 64
    assert f"SANDBOX {name}".startswith(shown)


@pytest.mark.parametrize("name", NAMES)
async def test_every_name_gets_a_certificate_once(services: Services, name: str) -> None:
    authority = services.trust.of("test").authority
    key = await services.trust.of("test").custody.create_key("key")
    async with services.database.transaction() as tx:
        first = await authority.issue_signer_certificate(tx, "reference", key, Subject(name, "PL"))
        again = await authority.issue_signer_certificate(tx, "reference", key, Subject(name, "PL"))
    assert first == again
    subject = x509.load_der_x509_certificate(first).subject
    [organization] = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organization.value == "QSignHub Sandbox"


async def test_what_was_never_issued_is_never_good(services: Services) -> None:
    status = await services.trust.of("test").authority.status_of(0x1234)
    assert not status.is_good
