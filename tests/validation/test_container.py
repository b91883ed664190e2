from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsignhub.validation.container import cms_defects, encoding_end, unattributable_certificates
from tests.validation.judging import contents_spans, encoded_length, made
from tests.validation.signed_samples import _asn1, hierarchy


def _contents() -> bytes:
    span = contents_spans(made("T"))[0]
    return bytes.fromhex(made("T")[slice(*span)].decode())[: encoded_length(made("T"), span)]


def test_the_end_of_the_encoding_is_found() -> None:
    assert encoding_end(_contents()) == encoded_length(made("T"), contents_spans(made("T"))[0])


def test_indefinite_lengths_are_followed_to_their_end_marker() -> None:
    assert encoding_end(bytes.fromhex("3080 3003020101 0000 000000")) == 9


@pytest.mark.parametrize(
    "data", ["", "30", "3082", "3003020201", "300502010100 00", "3080020101", "0080", "0480"]
)
def test_what_is_not_whole_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r"element|length|nested"):
        encoding_end(bytes.fromhex(data))


@given(st.binary(max_size=60))
def test_any_bytes_are_answered(data: bytes) -> None:
    try:
        end = encoding_end(data)
    except ValueError:
        return
    assert 2 <= end <= len(data)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ValueError, match="nested"):
        encoding_end(b"\x30\x80" * 500)


VERSION_1 = bytes.fromhex("020101 31")  # the version, and the set of digest algorithms after it
SHA256, SHA512 = bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040203")


def test_a_wrong_version_number_is_noticed() -> None:
    assert list(cms_defects(_contents())) == []
    changed = _contents().replace(VERSION_1, bytes.fromhex("020103 31"), 1)
    assert any("version" in defect for defect in cms_defects(changed))


def test_an_announced_digest_that_is_not_used_is_noticed() -> None:
    changed = _contents().replace(SHA256, SHA512, 1)
    assert any("digest" in defect for defect in cms_defects(changed))


def test_certificates_are_attributed_to_their_issuers() -> None:
    pki = hierarchy()
    root, issuing, tsa = (_asn1(one.certificate) for one in (pki.root, pki.issuing, pki.tsa))
    assert unattributable_certificates([tsa, issuing, root], [], [root]) == []
    assert unattributable_certificates([tsa], [], [root]) == [tsa]
    at = tsa.dump().rindex(tsa["signature_value"].contents)
    unused_bits = type(tsa).load(tsa.dump()[:at] + b"\x01" + tsa.dump()[at + 1 :])
    assert unattributable_certificates([unused_bits], [issuing], [root]) == [unused_bits]
    altered = type(tsa).load(tsa.dump().replace(b"SANDBOX TSA", b"SANDBOX TSB"))
    assert unattributable_certificates([altered], [issuing], [root]) == [altered]
