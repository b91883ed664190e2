from __future__ import annotations

import asyncio
import io

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.validation import ValidationReport
from qsignhub.validation.errors import UnreadableDocument
from tests.validation.judging import contents_spans, encoded_length, flipped, judge, made, with_contents
from tests.validation.signed_samples import WITHIN, add_document_timestamp, hierarchy, sample


def _spread(start: int, end: int, count: int) -> list[int]:
    return [start + (end - start) * step // count for step in range(count)]


def _regions(document: bytes) -> dict[str, list[int]]:
    signature, stamp = contents_spans(document)
    in_signature, in_stamp = (2 * encoded_length(document, span) for span in (signature, stamp))
    text = document.index(b"the fee is 100 EUR")
    xref = document.index(b"xref\n")
    store = (
        document.rindex(b"stream\r\n", 0, stamp[0])
        if b"stream\r\n" in document
        else document.rindex(b"stream\n", 0, stamp[0])
    )
    return {
        "header and signed text": [5, text, text + 12],
        "first cross-reference": _spread(xref + 10, xref + 90, 4),
        "signature container": _spread(signature[0], signature[0] + in_signature, 6),
        "signature padding": [signature[0] + in_signature + 40, signature[1] - 1],
        "byte range of the signature": [document.index(b"/ByteRange") + 14],
        "security store": _spread(store - 2500, store - 100, 6),
        "timestamp dictionary": _spread(stamp[0] - 300, stamp[0] - 2, 5),
        "timestamp container": [stamp[0] + 1, stamp[0] + 7, *_spread(stamp[0], stamp[0] + in_stamp, 8)],
        "timestamp padding": [stamp[0] + in_stamp, stamp[0] + in_stamp + 301, stamp[1] - 1],
        "last cross-reference and trailer": _spread(stamp[1] + 60, len(document) - 1, 6),
        "trailing byte": [len(document) - 1],
    }


REGIONS = list(_regions(made("LTA")))


def _judge_or_refuse(document: bytes) -> ValidationReport | None:
    try:
        return judge(document)
    except UnreadableDocument as refusal:
        return None if refusal.message else judge(b"")


@pytest.mark.parametrize("region", REGIONS)
def test_one_changed_byte_is_noticed(region: str) -> None:
    document = made("LTA")
    for at in _regions(document)[region]:
        report = _judge_or_refuse(flipped(document, at))
        assert report is None or (not report.valid and report.reasons), f"byte {at} in {region}"


def test_about_fifty_positions_are_tried() -> None:
    assert sum(map(len, _regions(made("LTA")).values())) >= 40


def test_a_changed_byte_of_the_text_breaks_the_digest_and_says_so() -> None:
    document = made("LTA")
    report = judge(flipped(document, document.index(b"the fee is 100 EUR")))
    [signature] = report.signatures
    assert (signature.indication, signature.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert not signature.document_integrity
    assert signature.signature_level == "SES"
    assert "changed after signing" in " ".join(report.reasons)


def test_other_case_of_a_hexadecimal_digit_is_the_same_signature() -> None:
    """ISO 32000-2 7.3.4.3: a hexadecimal string has the same value in either case."""
    document = made("LTA")
    start, end = contents_spans(document)[-1]
    assert judge(document[:start] + document[start:end].swapcase() + document[end:]).valid


def test_data_hidden_in_the_padding_are_found() -> None:
    document = made("LT")
    _, end = contents_spans(document)[0]
    report = judge(document[: end - 2] + b"7F" + document[end:])
    assert report.signatures[0].sub_indication == "FORMAT_FAILURE"
    assert "padding" in report.reasons[0]


@pytest.mark.parametrize("level", ["B", "T", "LT", "LTA"])
@pytest.mark.parametrize("extra", [b"\n", b"x", b"\x00", b"\n%%EOF\n", b"%PDF-1.7 more"])
def test_appended_bytes_are_noticed(level, extra: bytes) -> None:
    report = _judge_or_refuse(made(level) + extra)
    if report is not None:
        assert not report.valid
        assert "bytes" in " ".join(report.reasons).lower()


def test_case_59_stripped_signature_timestamp_gives_no_lt() -> None:
    def strip(content_info: cms.ContentInfo) -> None:
        del content_info["content"]["signer_infos"][0]["unsigned_attrs"]

    report = judge(with_contents(made("LT"), 0, strip))
    [signature] = report.signatures
    assert not report.valid
    assert signature.format == "PAdES-B-B"
    assert (signature.indication, signature.sub_indication) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")
    assert not signature.timestamp_valid


def test_a_timestamp_of_another_signature_proves_nothing() -> None:
    other = bytes.fromhex(made("T")[slice(*contents_spans(made("T"))[0])].decode())
    foreign = cms.ContentInfo.load(other)["content"]["signer_infos"][0]["unsigned_attrs"][0]["values"][
        0
    ].dump()

    def swap(content_info: cms.ContentInfo) -> None:
        token = cms.ContentInfo.load(foreign)
        attribute = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})
        content_info["content"]["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])

    report = judge(with_contents(made("LT"), 0, swap), now=WITHIN)
    assert not report.valid
    assert report.signatures[0].format == "PAdES-B-B"
    assert not report.signatures[0].timestamp_valid


def test_a_timestamp_token_that_cannot_be_parsed_is_a_verdict_and_no_crash() -> None:
    document = made("LT")
    start, end = contents_spans(document)[0]
    signed_data = b"06092A864886F70D010702A0"  # the token is the last SignedData in the container
    at = document.upper().rindex(signed_data, start, end) + len(signed_data) - 2
    report = judge(document[:at] + b"A1" + document[at + 2 :])
    assert report.signatures[0].indication == "TOTAL-FAILED"
    assert "cannot be" in report.reasons[0]


def test_a_broken_last_document_timestamp_makes_the_document_not_valid() -> None:
    document = made("LTA")
    start, _ = contents_spans(document)[-1]
    size = encoded_length(document, contents_spans(document)[-1])
    report = judge(flipped(document, start + 2 * size - 1))  # in the timestamp's signature value
    assert not report.valid
    [stamp] = report.document_timestamps
    assert not stamp.intact
    assert report.signatures[0].indication == "TOTAL-PASSED"
    assert report.signatures[0].format == "PAdES-B-LT"
    assert "document timestamp" in report.reasons[0]


def _replace_page(document: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 720 Td (the fee is 900 EUR) Tj ET")
    page["/Contents"] = writer.add_object(stream)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("level", ["LT", "LTA"])
def test_case_53_page_replaced_by_an_incremental_update(level) -> None:
    report = judge(_replace_page(made(level)))
    [signature] = report.signatures
    assert (signature.indication, signature.sub_indication) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert not signature.document_integrity
    assert "changed after signing" in report.reasons[0]


def test_a_timestamp_over_a_forbidden_change_does_not_heal_it() -> None:
    document = asyncio.run(add_document_timestamp(_replace_page(made("LT"))))
    report = judge(document)
    assert report.signatures[0].sub_indication == "FORMAT_FAILURE"
    assert not report.valid


def test_case_57_a_signature_dictionary_used_by_two_fields() -> None:
    document = asyncio.run(sample("T", hierarchy().signer()))
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    fields = writer.root["/AcroForm"]["/Fields"]
    signed = next(field for field in fields if field.get_object().get("/FT") == "/Sig").get_object()
    copied = generic.DictionaryObject(
        {
            generic.pdf_name("/FT"): generic.pdf_name("/Sig"),
            generic.pdf_name("/T"): generic.pdf_string("Second"),
            generic.pdf_name("/V"): signed.raw_get("/V"),
        }
    )
    fields.append(writer.add_object(copied))
    writer.update_container(fields)
    out = io.BytesIO()
    writer.write(out)
    report = judge(out.getvalue())
    assert len(report.signatures) == 2
    assert {one.sub_indication for one in report.signatures} == {"FORMAT_FAILURE"}
    assert any("same signature dictionary" in reason for reason in report.reasons)
