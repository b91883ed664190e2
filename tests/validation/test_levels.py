from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from qsignhub.validation import TrustAnchor
from tests.validation.judging import judge, made
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
    plain_pdf,
    sample,
)

CONTRACT = {
    "signer_name",
    "signed_at",
    "signature_level",
    "certificate_valid",
    "certificate_issuer",
    "trusted_list",
    "document_integrity",
    "timestamp_valid",
    "ocsp_status",
}


def test_b_lta_passes_long_after_the_one_time_certificate_expired() -> None:
    report = judge(made("LTA"), now=LATER)
    assert report.valid
    assert report.reasons == ()
    [signature] = report.signatures
    assert (signature.indication, signature.sub_indication) == ("TOTAL-PASSED", None)
    assert signature.format == "PAdES-B-LTA"
    assert signature.signed_at == SIGNED_AT
    [stamp] = report.document_timestamps
    assert stamp.intact
    assert stamp.trusted
    assert stamp.covers_whole_file


def test_the_report_has_the_fields_of_the_contract() -> None:
    body = judge(made("LTA")).as_contract()
    assert body["valid"] is True
    [signature] = body["signatures"]
    assert set(signature) >= CONTRACT
    assert {name: signature[name] for name in CONTRACT} == {
        "signer_name": "SANDBOX Anna Maria Kowalska",
        "signed_at": "2025-03-03T10:00:00.000Z",
        "signature_level": "AES",
        "certificate_valid": True,
        "certificate_issuer": "QSignHub Sandbox",
        "trusted_list": "SANDBOX",
        "document_integrity": True,
        "timestamp_valid": True,
        "ocsp_status": "good",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", signature["signed_at"])


@pytest.mark.parametrize("now", [WITHIN, LATER])
def test_b_lt_passes_as_of_best_signature_time(now) -> None:
    report = judge(made("LT"), now=now)
    assert report.valid
    assert report.signatures[0].format == "PAdES-B-LT"
    assert report.document_timestamps == ()


def test_b_t_without_revocation_information_is_indeterminate() -> None:
    report = judge(made("T"), now=WITHIN)
    [signature] = report.signatures
    assert not report.valid
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "TRY_LATER")
    assert signature.format == "PAdES-B-T"
    assert signature.document_integrity
    assert signature.ocsp_status == "unknown"


def test_b_b_passes_within_validity_with_revocation_information_in_the_document() -> None:
    signer = hierarchy().signer()
    document = add_validation_data(asyncio.run(sample("B", signer)), signer)
    report = judge(document, now=WITHIN)
    assert report.valid
    assert report.signatures[0].format == "PAdES-B-B"
    assert not report.signatures[0].timestamp_valid


def test_b_b_does_not_outlive_its_certificate() -> None:
    signer = hierarchy().signer()
    document = add_validation_data(asyncio.run(sample("B", signer)), signer)
    [signature] = judge(document, now=LATER).signatures
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")


def test_b_b_passes_where_its_very_certificate_is_trusted() -> None:
    signer = hierarchy().signer()
    document = asyncio.run(sample("B", signer))
    report = judge(document, now=WITHIN, anchors=[TrustAnchor(der(signer.certificate), "operator")])
    assert report.valid
    assert report.signatures[0].trusted_list == "OPERATOR_TRUSTED"


def test_a_document_timestamp_alone_proves_the_time() -> None:
    signer = hierarchy().signer()
    document = add_validation_data(asyncio.run(sample("B", signer)), signer)
    report = judge(asyncio.run(add_document_timestamp(document)), now=LATER)
    assert report.valid
    assert report.signatures[0].format == "PAdES-B-LTA"
    assert report.signatures[0].signed_at == SIGNED_AT + timedelta(seconds=5)


async def _two_signers(pki: Hierarchy) -> bytes:
    first, second = pki.signer("SANDBOX Anna Kowalska"), pki.signer("SANDBOX Jan Nowak")
    document = await add_signature(plain_pdf(), first, field="Anna")
    document = add_validation_data(document, first)
    document = await add_signature(document, second, field="Jan", at=SIGNED_AT + timedelta(minutes=3))
    document = add_validation_data(document, second, at=SIGNED_AT + timedelta(minutes=3))
    return await add_document_timestamp(document, SIGNED_AT + timedelta(minutes=4))


def test_two_signers_one_after_the_other_both_pass() -> None:
    report = judge(asyncio.run(_two_signers(hierarchy())))
    assert report.valid
    assert [one.signer_name for one in report.signatures] == ["SANDBOX Anna Kowalska", "SANDBOX Jan Nowak"]
    assert {one.format for one in report.signatures} == {"PAdES-B-LTA"}
    assert all(one.reasons == () for one in report.signatures)


def test_a_second_document_timestamp_renews_the_archive() -> None:
    document = add_validation_data(made("LTA"), at=SIGNED_AT + timedelta(days=30))
    report = judge(asyncio.run(add_document_timestamp(document, SIGNED_AT + timedelta(days=30))))
    assert report.valid
    assert [stamp.trusted for stamp in report.document_timestamps] == [True, True]
