from __future__ import annotations

import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority.administration import AuthorityAdministration
from qsignhub.authority.errors import AuthorityRootOffline, CertificateNotFound, RootKeyFileUnusable
from qsignhub.authority.names import Subject
from qsignhub.authority.service import Authority
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Vault
from qsignhub.revocation.model import State
from qsignhub.revocation.verify_crl import verify_crl
from tests.authority.conftest import Opening
from tests.authority.stock import OWN

PASSPHRASE = b"a long enough passphrase"


@pytest.fixture
def administration(vault: Vault, clock: SettableClock) -> AuthorityAdministration:
    return AuthorityAdministration(vault, "sandbox", clock)


@pytest.fixture
async def away(
    tmp_path: Path, database: Database, administration: AuthorityAdministration, authority: Authority
) -> Path:
    """The root's key is on this file, and nowhere else."""
    file = tmp_path / "root.p12"
    async with database.transaction() as tx:
        await administration.export_root(tx, file, PASSPHRASE)
    return file


async def test_nothing_needs_the_root_for_a_year(
    away: Path, database: Database, opened: Opening, clock: SettableClock
) -> None:
    clock.advance(timedelta(days=360))
    authority = await opened()
    issuing, root = authority.chain
    assert verify_crl(await authority.root_crl(), issuing, root, now=clock.now()).status.is_good
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    async with database.transaction() as tx:
        assert await authority.issue_signer_certificate(tx, "sig_1", key, Subject("Anna Nowak", "PL"))
        assert await authority.crl(tx, "ca-aes")


async def test_responders_and_the_tsa_are_renewed_before_they_end(
    away: Path, vault: Vault, database: Database, opened: Opening, clock: SettableClock
) -> None:
    before = (await opened()).hierarchy
    clock.advance(timedelta(days=360))
    assert (await opened()).hierarchy.timestamp.certificate == before.timestamp.certificate
    async with database.transaction() as tx:
        await AuthorityAdministration(vault, "sandbox", clock).import_root(tx, away, PASSPHRASE)
    clock.advance(timedelta(days=1825 - 360 - 80))
    after = (await opened()).hierarchy
    assert after.root == before.root
    assert after.chain_of("ca-tsa") == before.chain_of("ca-tsa")
    for old, new in (
        (before.timestamp, after.timestamp),
        *((before.responders[ca], after.responders[ca]) for ca in before.responders),
    ):
        assert new.certificate != old.certificate
        assert x509.load_der_x509_certificate(new.certificate).not_valid_after_utc > clock.now() + timedelta(
            days=1700
        )


async def test_what_needs_the_root_says_so(away: Path, opened: Opening, clock: SettableClock) -> None:
    with pytest.raises(AuthorityRootOffline, match="import-root"):
        await opened(base_url="https://other.qsignhub.com")
    clock.advance(timedelta(days=366))
    authority = await opened()  # what does not need the list is there
    with pytest.raises(AuthorityRootOffline, match="import-root"):
        await authority.root_crl()


@pytest.mark.tools
async def test_the_file_is_encrypted_and_its_owners_alone(away: Path) -> None:
    assert stat.S_IMODE(away.stat().st_mode) == 0o600
    for passphrase, opens in ((PASSPHRASE, True), (b"", False)):
        said = subprocess.run(
            ["openssl", "pkcs12", "-in", away, "-info", "-nodes", "-passin", f"pass:{passphrase.decode()}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("PRIVATE KEY" in said.stdout) == opens
        assert not opens or "AES-256-CBC, Iteration 600000, PRF hmacWithSHA256" in said.stderr


async def test_the_root_comes_back(
    away: Path,
    database: Database,
    administration: AuthorityAdministration,
    opened: Opening,
    clock: SettableClock,
) -> None:
    assert await administration.root_is_offline()
    clock.advance(timedelta(days=400))
    async with database.transaction() as tx:
        await administration.import_root(tx, away, PASSPHRASE)
    assert not await administration.root_is_offline()
    authority = await opened(base_url="https://other.qsignhub.com")
    issuing, root = authority.chain
    assert verify_crl(await authority.root_crl(), issuing, root, now=clock.now()).status.is_good


async def test_only_the_right_file_and_passphrase_bring_it_back(
    away: Path,
    tmp_path: Path,
    database: Database,
    vault: Vault,
    administration: AuthorityAdministration,
    opened: Opening,
    clock: SettableClock,
) -> None:
    await opened(OWN)
    house = AuthorityAdministration(vault, "house", clock)
    async with database.transaction() as tx:
        with pytest.raises(RootKeyFileUnusable, match="passphrase"):
            await administration.import_root(tx, away, b"another passphrase")
        with pytest.raises(RootKeyFileUnusable, match="cannot be read"):
            await administration.import_root(tx, tmp_path / "missing.p12", PASSPHRASE)
        with pytest.raises(RootKeyFileUnusable, match="another root"):
            await house.import_root(tx, away, PASSPHRASE)
        with pytest.raises(RootKeyFileUnusable, match="cannot be written"):
            await house.export_root(tx, away, PASSPHRASE)
        with pytest.raises(RootKeyFileUnusable, match="at least 12"):
            await house.export_root(tx, tmp_path / "house.p12", b"short")
        with pytest.raises(AuthorityRootOffline):
            await administration.export_root(tx, tmp_path / "twice.p12", PASSPHRASE)
    assert not await house.root_is_offline()


async def test_revoking_a_ca_needs_the_root(
    away: Path,
    database: Database,
    administration: AuthorityAdministration,
    authority: Authority,
    clock: SettableClock,
) -> None:
    issuing, root = authority.chain_of("ca-seal")
    serial = x509.load_der_x509_certificate(issuing).serial_number
    with pytest.raises(AuthorityRootOffline):
        async with database.transaction() as tx:
            await administration.revoke(tx, serial, "cessation_of_operation")
    assert (await authority.status_of(serial)).is_good
    async with database.transaction() as tx:
        await administration.import_root(tx, away, PASSPHRASE)
        await administration.revoke(tx, serial, "cessation_of_operation")
    clock.advance(timedelta(seconds=61))
    told = verify_crl(await authority.root_crl(), issuing, root, now=clock.now())
    assert told.status.state is State.REVOKED
    async with database.transaction() as tx:
        standings = await administration.standings(tx)
        assert [each.role for each in standings if each.revoked] == ["ca-seal"]
        with pytest.raises(CertificateNotFound):
            await administration.revoke(tx, 0x3AF29C, "superseded")
