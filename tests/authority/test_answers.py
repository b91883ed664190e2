"""What an authority says about what it issued: OCSP and CRLs, each judged by pkilint and by our verifier."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority.names import SANDBOX, LegalPerson, Subject
from qsignhub.authority.ocsp import MAX_AGE
from qsignhub.authority.profiles import CA_ROLES, PROFILES, SignerProfile
from qsignhub.authority.revocations import REASONS
from qsignhub.authority.service import Authority
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.revocation.model import CertificateStatus, OcspAnswer, Reason, State
from qsignhub.revocation.request import build_request, fresh_nonce
from qsignhub.revocation.verify_crl import verify_crl
from qsignhub.revocation.verify_ocsp import verify_ocsp
from tests.authority import judges
from tests.authority.conftest import Opening
from tests.authority.stock import OWN

KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
PERSON = Subject("Anna Kowalska", "PL")
PROFILE_NAMES: tuple[SignerProfile, ...] = (
    "signer-qes",
    "signer-qes-one-time",
    "signer-aes",
    "signer-aes-one-time",
)


async def asked(
    database: Database,
    authority: Authority,
    certificate: bytes,
    clock: SettableClock,
    nonce: bytes | None = None,
    issuer: bytes | None = None,
    hash_algorithm: str = "sha1",
) -> OcspAnswer:
    issuer = issuer or authority.chain_above(certificate)[0]
    question = build_request(certificate, issuer, nonce=nonce, hash_algorithm=hash_algorithm)
    async with database.transaction() as tx:
        answer = await authority.answer_ocsp(tx, question)
    assert judges.judge_ocsp_response(answer) == []
    return verify_ocsp(
        answer, certificate, issuer, nonce=nonce, now=clock.now(), nonce_required=nonce is not None
    )


@pytest.mark.parametrize("profile", PROFILE_NAMES)
async def test_one_url_answers_for_every_ca(
    profile: SignerProfile, database: Database, authority: Authority, clock: SettableClock
) -> None:
    async with database.transaction() as tx:
        certificate = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON, profile)
        again = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON, profile)
    assert certificate == again
    for nonce in (None, fresh_nonce()):
        for algorithm in ("sha1", "sha256"):
            answer = await asked(database, authority, certificate, clock, nonce, hash_algorithm=algorithm)
            assert answer.status.is_good
            ca = authority.hierarchy.issuers[PROFILES[profile].ca or ""]
            responder = x509.load_der_x509_certificate(answer.responder)
            responder.verify_directly_issued_by(ca.certificate)


async def test_seals_and_the_tsa_have_a_status_too(
    database: Database, authority: Authority, clock: SettableClock
) -> None:
    async with database.transaction() as tx:
        house = LegalPerson("Kancelaria Żółć", "PL", "VATPL-5260250274")
        seal = await authority.issue_seal_certificate(tx, "seal_1", KEY, house)
    for certificate in (seal, authority.hierarchy.timestamp.certificate):
        assert (await asked(database, authority, certificate, clock)).status.is_good


async def test_what_another_ca_issued_is_unknown(
    database: Database, authority: Authority, clock: SettableClock
) -> None:
    async with database.transaction() as tx:
        certificate = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON, "signer-aes")
    serial = x509.load_der_x509_certificate(certificate).serial_number
    assert (await authority.status_of(serial, "ca-aes")).is_good
    assert await authority.status_of(serial, "ca-qes") == CertificateStatus.unknown()
    for nonce in (None, fresh_nonce()):
        question = build_request(certificate, authority.chain_of("ca-qes")[0], nonce=nonce)
        async with database.transaction() as tx:
            answer = await authority.answer_ocsp(tx, question)
        assert b"\x82\x00" in answer  # [2] unknown
        assert b"\x80\x00\x18" not in answer  # [0] good, and a time


async def test_a_revocation_is_told_at_once_and_stays(
    database: Database, opened: Opening, authority: Authority, clock: SettableClock
) -> None:
    other_process = await opened()
    async with database.transaction() as tx:
        certificate = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON, "signer-aes")
    assert (await asked(database, other_process, certificate, clock)).status.is_good
    clock.advance(timedelta(seconds=5))
    async with database.transaction() as tx:
        await authority.revoke(tx, certificate, "key_compromise")
    revoked_at = clock.now()
    clock.advance(timedelta(seconds=5))
    async with database.transaction() as tx:
        await authority.revoke(tx, certificate, "superseded")
    for process in (authority, other_process):
        for nonce in (None, None, fresh_nonce()):
            answer = await asked(database, process, certificate, clock, nonce)
            assert answer.status == CertificateStatus.revoked(revoked_at, Reason.KEY_COMPROMISE)
    clock.advance(timedelta(days=1000))  # over, and told nevertheless: archive cutoff
    assert (await asked(database, authority, certificate, clock)).status.state is State.REVOKED


async def test_an_answer_is_signed_ahead_and_used_for_some_hours(
    database: Database, authority: Authority, clock: SettableClock
) -> None:
    async with database.transaction() as tx:
        certificate = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON)
    first = await asked(database, authority, certificate, clock)
    assert first.produced_at == clock.now()
    clock.advance(timedelta(hours=5))
    assert (await asked(database, authority, certificate, clock)).der == first.der
    clock.advance(timedelta(hours=2))
    later = await asked(database, authority, certificate, clock)
    assert later.produced_at == clock.now()
    assert (await asked(database, authority, certificate, clock)).der == later.der
    fresh = await asked(database, authority, certificate, clock, fresh_nonce())
    assert fresh.der not in (first.der, later.der)
    assert timedelta(seconds=60) >= MAX_AGE


async def test_what_is_no_request_is_malformed(database: Database, authority: Authority) -> None:
    async with database.transaction() as tx:
        assert await authority.answer_ocsp(tx, b"\x30\x03junk") == bytes.fromhex("30030a0101")


async def test_crls_list_what_their_ca_revoked(
    database: Database, authority: Authority, clock: SettableClock
) -> None:
    async with database.transaction() as tx:
        numbers = range(len(REASONS))
        revoked = [
            await authority.issue_signer_certificate(tx, f"sig_{number}", KEY, PERSON, "signer-aes")
            for number in numbers
        ]
        kept = await authority.issue_signer_certificate(tx, "sig_kept", KEY, PERSON, "signer-aes")
        first = await authority.crl(tx, "ca-aes")
    for certificate, reason in zip(revoked, REASONS, strict=True):
        async with database.transaction() as tx:
            await authority.revoke(tx, certificate, reason)
    async with database.transaction() as tx:
        second = await authority.crl(tx, "ca-aes")
        assert await authority.crl(tx, "ca-aes") == second
        others = [await authority.crl(tx, ca) for ca in CA_ROLES if ca != "ca-aes"]
    aes, _ = authority.chain_of("ca-aes")
    for certificate, reason in zip(revoked, REASONS, strict=True):
        told = verify_crl(second, certificate, aes, now=clock.now())
        assert told.status.state is State.REVOKED
        assert told.status.reason == (None if reason == "unspecified" else Reason[reason.upper()])
    before, after = (verify_crl(crl, kept, aes, now=clock.now()) for crl in (first, second))
    assert before.status.is_good
    assert after.status.is_good
    assert (before.number or 0) < (after.number or 0)
    for crl in (first, second, *others, await authority.root_crl()):
        assert judges.judge_crl(crl) == []
    assert all(len(x509.load_der_x509_crl(crl)) == 0 for crl in others)


@pytest.mark.parametrize("reason", ["certificate_hold", "remove_from_crl", "KEY_COMPROMISE", "boredom", ""])
async def test_a_reason_that_can_be_taken_back_is_none(
    reason: str, database: Database, authority: Authority
) -> None:
    async with database.transaction() as tx:
        certificate = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON)
        with pytest.raises(ValueError, match="not a reason"):
            await authority.revoke(tx, certificate, reason)


async def test_two_authorities_beside_each_other(
    database: Database, opened: Opening, authority: Authority, clock: SettableClock
) -> None:
    own = await opened(OWN)
    assert own.root != authority.root
    async with database.transaction() as tx:
        theirs = await own.issue_signer_certificate(tx, "sig_1", KEY, PERSON)
        ours = await authority.issue_signer_certificate(tx, "sig_1", KEY, PERSON)
    assert (await asked(database, own, theirs, clock)).status.is_good
    serial = x509.load_der_x509_certificate(theirs).serial_number
    assert await authority.status_of(serial) == CertificateStatus.unknown()
    text = x509.load_der_x509_certificate(theirs)
    assert "SANDBOX" not in text.subject.rfc4514_string() + text.issuer.rfc4514_string()
    access = text.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    urls = [each.access_location.value for each in access]
    assert urls == [
        "http://sign.qsignhub.com/pki/house/ocsp",
        "http://sign.qsignhub.com/pki/house/ca-aes.crt",
    ]
    marked = x509.load_der_x509_certificate(ours)
    assert f"O={SANDBOX.organization}" in marked.subject.rfc4514_string()


async def test_the_same_authority_is_found_again(opened: Opening, authority: Authority) -> None:
    again = await opened()
    assert again.root == authority.root
    assert again.hierarchy.timestamp.certificate == authority.hierarchy.timestamp.certificate
    moved = await opened(base_url="https://other.qsignhub.com")
    assert moved.root == authority.root
    assert moved.chain[0] != authority.chain[0]
