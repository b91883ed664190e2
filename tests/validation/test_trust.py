from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from qsignhub.validation import TrustAnchor, anchors_from_file
from qsignhub.validation.errors import UnreadableAnchor
from tests.validation.judging import judge, made, sandbox_anchor
from tests.validation.signed_samples import (
    LATER,
    SIGNED_AT,
    WITHIN,
    Hierarchy,
    add_document_timestamp,
    add_signature,
    add_validation_data,
    der,
    hierarchy,
    pem,
    plain_pdf,
    sample,
)


def test_without_anchors_there_is_no_chain() -> None:
    report = judge(made("LTA"), anchors=[])
    [signature] = report.signatures
    assert not report.valid
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert (signature.signature_level, signature.trusted_list) == ("SES", "NOT_TRUSTED")
    assert not signature.certificate_valid
    assert signature.document_integrity
    assert signature.format == "PAdES-B-LTA"


def test_case_62_a_ca_of_the_same_name_is_not_trusted() -> None:
    fake = Hierarchy()
    assert fake.root.certificate.subject == hierarchy().root.certificate.subject
    report = judge(asyncio.run(sample("LTA", pki=fake)))
    [signature] = report.signatures
    assert not report.valid
    assert signature.indication == "INDETERMINATE"
    assert signature.trusted_list == "NOT_TRUSTED"
    assert signature.signature_level == "SES"
    assert not report.document_timestamps[0].trusted


def test_an_operators_anchor_is_told_from_the_sandbox() -> None:
    pki = Hierarchy("Example")
    document = asyncio.run(sample("LTA", pki=pki))
    anchor = TrustAnchor(der(pki.root.certificate), "operator")
    [signature] = judge(document, anchors=[sandbox_anchor(), anchor]).signatures
    assert signature.trusted_list == "OPERATOR_TRUSTED"
    assert signature.signature_level == "AES"


def test_a_sandbox_root_given_by_an_operator_stays_sandbox() -> None:
    both = pem(hierarchy().root.certificate) + pem(hierarchy().issuing.certificate)
    anchors = anchors_from_file(both)
    assert [anchor.origin for anchor in anchors] == ["sandbox", "sandbox"]
    assert anchors_from_file(der(hierarchy().root.certificate)) == anchors[:1]


@pytest.mark.parametrize("data", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_no_anchor(data: bytes) -> None:
    with pytest.raises(UnreadableAnchor):
        anchors_from_file(data)


@pytest.mark.parametrize("archived", [False, True])
def test_case_60_revoked_before_the_signature(archived: bool) -> None:
    signer = hierarchy().signer()
    document = asyncio.run(add_signature(plain_pdf(), signer))
    document = add_validation_data(document, signer, revoked_at=SIGNED_AT - timedelta(minutes=1))
    if archived:
        document = asyncio.run(add_document_timestamp(document))
    report = judge(document)
    [signature] = report.signatures
    assert not report.valid
    assert signature.sub_indication in {"REVOKED", "REVOKED_NO_POE"}
    assert signature.ocsp_status == "revoked"
    assert not signature.certificate_valid
    assert "revoked" in report.reasons[0]


def test_revoked_after_the_proven_time_still_passes() -> None:
    signer = hierarchy().signer()
    document = asyncio.run(add_signature(plain_pdf(), signer))
    document = add_validation_data(document, signer)
    later = SIGNED_AT + timedelta(minutes=10)
    document = add_validation_data(document, signer, at=later, revoked_at=SIGNED_AT + timedelta(minutes=5))
    assert judge(document, now=WITHIN).valid


def test_an_older_good_answer_does_not_outweigh_the_revocation() -> None:
    signer = hierarchy().signer()
    document = asyncio.run(add_signature(plain_pdf(), signer))
    document = add_validation_data(document, signer, at=SIGNED_AT - timedelta(minutes=30))
    document = add_validation_data(document, signer, revoked_at=SIGNED_AT - timedelta(minutes=5))
    [signature] = judge(document, now=WITHIN).signatures
    assert signature.indication != "TOTAL-PASSED"
    assert signature.ocsp_status == "revoked"


def test_revocation_information_too_old_for_the_signing_time_does_not_count() -> None:
    signer = hierarchy().signer(not_before=SIGNED_AT - timedelta(days=9))
    document = asyncio.run(add_signature(plain_pdf(), signer))
    document = add_validation_data(document, signer, at=SIGNED_AT - timedelta(days=3))
    [signature] = judge(document, now=WITHIN).signatures
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "TRY_LATER")


def test_case_64_ocsp_of_another_authority_is_not_believed() -> None:
    signer = hierarchy().signer()
    document = asyncio.run(add_signature(plain_pdf(), signer))
    [signature] = judge(add_validation_data(document, signer, pki=Hierarchy()), now=WITHIN).signatures
    assert signature.indication == "INDETERMINATE"
    assert signature.ocsp_status == "unknown"


def test_signed_before_the_certificate_was_valid() -> None:
    signer = hierarchy().signer(not_before=SIGNED_AT + timedelta(minutes=5))
    document = add_validation_data(asyncio.run(add_signature(plain_pdf(), signer)), signer)
    [signature] = judge(document, now=WITHIN).signatures
    assert (signature.indication, signature.sub_indication) == ("TOTAL-FAILED", "NOT_YET_VALID")


def test_a_timestamp_from_the_future_proves_nothing() -> None:
    signer = hierarchy().signer(not_after=LATER)
    document = asyncio.run(add_signature(plain_pdf(), signer, at=SIGNED_AT + timedelta(hours=3)))
    report = judge(add_validation_data(document, signer), now=WITHIN)
    assert not report.valid
    assert not report.signatures[0].timestamp_valid
    assert "contradict" in report.reasons[0]


def test_case_61_sha1_fails() -> None:
    signer = hierarchy().signer()
    document = asyncio.run(add_signature(plain_pdf(), signer, digest="sha1"))
    [signature] = judge(add_validation_data(document, signer), now=WITHIN).signatures
    assert signature.indication == "INDETERMINATE"
    assert (signature.sub_indication or "").startswith("CRYPTO_CONSTRAINTS_FAILURE")


@pytest.mark.parametrize(("bits", "passes"), [(1024, False), (2048, True)])
def test_case_61_rsa_below_2048_bits_fails(bits: int, passes: bool) -> None:
    signer = hierarchy().signer(key=rsa.generate_private_key(65537, bits))
    document = add_validation_data(asyncio.run(add_signature(plain_pdf(), signer)), signer)
    report = judge(document, now=WITHIN)
    assert report.valid is passes
    if not passes:
        assert (report.signatures[0].sub_indication or "").startswith("CRYPTO_CONSTRAINTS_FAILURE")
