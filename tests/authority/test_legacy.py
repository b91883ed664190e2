"""An installation from before there were profiles: one CA, under a root that stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from psycopg.conninfo import make_conninfo

from qsignhub.authority.names import Subject
from qsignhub.authority.service import open_authority
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.migrations import migrations_folder, read_migrations
from qsignhub.foundation.register import Vault
from qsignhub.foundation.sealing import MasterKey
from qsignhub.revocation.model import Reason, State
from qsignhub.revocation.paths import path_of
from qsignhub.revocation.request import build_request
from qsignhub.revocation.verify_crl import verify_crl
from qsignhub.revocation.verify_ocsp import verify_ocsp
from tests.authority.conftest import BASE
from tests.authority.stock import NOW

KEYS = {
    role: ec.generate_private_key(ec.SECP256R1()) for role in ("root", "issuing", "ocsp", "tsa", "signer")
}


def made(role: str, issuer: str, *extensions: tuple[x509.ExtensionType, bool]) -> bytes:
    """As the first version made them."""
    names = {
        each: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"SANDBOX QSignHub {each}")])
        for each in KEYS
    }
    builder = (
        x509.CertificateBuilder()
        .subject_name(names[role])
        .issuer_name(names[issuer])
        .public_key(KEYS[role].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(NOW + timedelta(days=3640))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(KEYS[role].public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(KEYS[issuer].public_key()), False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEYS[issuer], hashes.SHA256()).public_bytes(Encoding.DER)


def usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not signs, False, False, False, False, signs, signs, False, False)


CA = (x509.BasicConstraints(True, None), True), (usage(signs=True), True)
OWN = {
    "root": made("root", "root", *CA),
    "issuing": made("issuing", "root", *CA),
    "ocsp": made(
        "ocsp",
        "issuing",
        (usage(signs=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
        (x509.OCSPNoCheck(), False),
    ),
    "tsa": made("tsa", "issuing", (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)),
}
GOOD, REVOKED = (made("signer", "issuing") for _ in range(2))


@pytest.fixture
def old_database(template_database: str) -> Iterator[str]:
    """Migrated up to several trust services and profiles, filled as it was then, and migrated on."""
    server = make_conninfo(template_database, dbname="postgres")
    every = read_migrations(migrations_folder())
    before, after = [one for one in every if one.number < 8], [one for one in every if one.number >= 8]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS legacy_authority WITH (FORCE)")
        connection.execute("CREATE DATABASE legacy_authority")
    conninfo = make_conninfo(template_database, dbname="legacy_authority")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for migration in before:
            connection.execute(migration.sql)
        for role, certificate in OWN.items():
            connection.execute(
                "INSERT INTO authority_certificates (role, base_url, certificate) VALUES (%s, %s, %s)",
                (role, "" if role == "root" else "http://old.qsignhub.com", certificate),
            )
        for reference, certificate, revoked_at in (("sig_1", GOOD, None), ("sig_2", REVOKED, NOW)):
            connection.execute(
                "INSERT INTO issued_certificates (serial, reference, certificate, issued_at, revoked_at, "
                "revocation_reason) VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    f"{x509.load_der_x509_certificate(certificate).serial_number:x}",
                    *(reference, certificate, NOW, revoked_at),
                    "key_compromise" if revoked_at else None,
                ),
            )
        # a signature and a seal that an update of the service found under way
        connection.execute(
            "ALTER TABLE signings DROP CONSTRAINT signings_request_id_fkey, "
            "DROP CONSTRAINT signings_signer_id_fkey"
        )
        connection.execute(
            "INSERT INTO signings (id, request_id, signer_id, step, begun_at, certificate) VALUES "
            "('sig_1', 'req_1', 'sgn_1', 'certified', now(), %s), "
            "('sig_3', 'req_1', NULL, 'authorised', now(), NULL)",
            (GOOD,),
        )
        for migration in after:
            connection.execute(migration.sql)
    yield conninfo
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE legacy_authority WITH (FORCE)")


async def test_what_was_under_way_goes_on(old_database: str) -> None:
    with psycopg.connect(old_database) as connection:
        rows = connection.execute(
            "SELECT id, trust_service, key_id, algorithm, chain FROM signings ORDER BY id"
        ).fetchall()
    signature, seal = rows
    assert signature[:4] == ("sig_1", "sandbox", "sig_1", "ES256")
    assert path_of(GOOD, [bytes(one) for one in signature[4]], [OWN["root"]])[1:] == (
        OWN["issuing"],
        OWN["root"],
    )
    assert seal == ("sig_3", "sandbox", None, None, None)


async def test_what_was_issued_before_is_answered_for(old_database: str) -> None:
    database = Database(old_database, connections=4)
    await database.open()
    clock, vault = SettableClock(NOW + timedelta(hours=1)), Vault(database, MasterKey(bytes(32)))
    for role in OWN:
        sealed = KEYS[role].private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        assert await vault.keep("authority.key", role, sealed)
    authority = await open_authority(database, vault, BASE, clock)
    assert authority.root == OWN["root"]
    assert authority.chain_above(GOOD) == (OWN["issuing"], OWN["root"])
    async with database.transaction() as tx:
        for certificate, state in ((GOOD, State.GOOD), (REVOKED, State.REVOKED)):
            question = build_request(certificate, OWN["issuing"], nonce=None)
            answer = await authority.answer_ocsp(tx, question)
            told = verify_ocsp(
                *(answer, certificate, OWN["issuing"]), nonce=None, nonce_required=False, now=clock.now()
            )
            assert told.status.state is state
        crl = await authority.crl(tx, "issuing")
        assert verify_crl(crl, GOOD, OWN["issuing"], now=clock.now()).status.is_good
        assert (
            verify_crl(crl, REVOKED, OWN["issuing"], now=clock.now()).status.reason is Reason.KEY_COMPROMISE
        )
        key = KEYS["signer"].public_key()
        assert await authority.issue_signer_certificate(tx, "sig_1", key, Subject("Anna Nowak", "PL")) == GOOD
        fresh = await authority.issue_signer_certificate(tx, "sig_3", key, Subject("Anna Nowak", "PL"))
    assert authority.chain_above(fresh) == authority.chain
    assert authority.chain[0] != OWN["issuing"]
    assert authority.chain[1] == OWN["root"]
    parsed = x509.load_der_x509_certificate(authority.chain[0])
    parsed.verify_directly_issued_by(x509.load_der_x509_certificate(OWN["root"]))
    assert verify_crl(
        await authority.root_crl(), authority.chain[0], OWN["root"], now=clock.now()
    ).status.is_good
    await database.close()
