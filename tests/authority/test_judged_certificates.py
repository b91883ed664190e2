"""A hundred certificates of each profile, judged by pkilint, which we did not write."""

from __future__ import annotations

import pytest
from cryptography import x509

from qsignhub.authority.profiles import ONE_TIME_LIFETIME, PROFILES
from tests.authority import judges, stock

EACH = 100
JUDGES = {
    "signer-qes": judges.QES,
    "signer-qes-one-time": judges.QES,
    "signer-aes": judges.NATURAL,
    "signer-aes-one-time": judges.NATURAL,
    "seal": judges.LEGAL,
}


@pytest.mark.parametrize("profile", PROFILES)
def test_pkilint_has_neither_error_nor_warning(profile: str) -> None:
    judge = JUDGES.get(profile, judges.PKIX)
    made = list(stock.certificates(profile, EACH))
    assert len({x509.load_der_x509_certificate(der).serial_number for der in made}) == EACH
    said = {finding for der in made for finding in judges.judge_certificate(judge, der)}
    assert said == set()


def test_the_judge_tells_one_profile_from_another() -> None:
    [advanced] = stock.certificates("signer-aes", 1)
    assert any("qcs-5.01" in said for said in judges.judge_certificate(judges.QES, advanced))
    [seal] = stock.certificates("seal", 1)
    assert any("nat-4.2.4-1" in said for said in judges.judge_certificate(judges.NATURAL, seal))


def test_a_one_time_certificate_lasts_for_minutes() -> None:
    [der] = stock.certificates("signer-qes-one-time", 1)
    parsed = x509.load_der_x509_certificate(der)
    assert parsed.not_valid_after_utc - parsed.not_valid_before_utc == ONE_TIME_LIFETIME
    assert ONE_TIME_LIFETIME.total_seconds() == 15 * 60
