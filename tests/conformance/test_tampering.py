"""The byte that is changed is where it should be: the judges' refusal must be of that byte."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import cms
from conformance.documents import PDF, XML, Document
from conformance.matrix import Combination, Level
from conformance.signed_parts import DS, pdf_signatures
from conformance.signing import Output
from conformance.tampering import NowhereToTamper, Place, flipped, tampered
from lxml import etree

from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.signing.format import Intent, Made
from qsignhub.signing.formats import FORMATS
from tests.pdfs import one_page_pdf
from tests.signing.ades_signing import CLOCK, DATA_OBJECT, people, signed_by_all

XML_TEXT = b'<umowa xmlns="urn:u" nr="17"><strona>Anna</strona></umowa>'


async def made(
    folder: Path, form: str, packaging: str, content: bytes, *, signers: int = 2, level: Level = "B-LT"
) -> Output:
    mime_type = PDF if form == "pades" else XML
    document = folder / "document"
    document.write_bytes(content)
    file = folder / f"signed{FORMATS[form, packaging].suffix}"
    if form == "pades":
        sign_pdf(document, file, signers)
    else:
        await signed_by_all(FORMATS[form, packaging], content, file, signers)
    combination = Combination(
        1, form, packaging, level, "ES256", signers, Document(document, "made here", mime_type)
    )
    return Output(combination, file, None, tuple(person.der for person in people()[:signers]))


def sign_pdf(document: Path, file: Path, signers: int) -> None:
    """At B-B: each signature is a revision after the one before."""
    form, latest = FORMATS["pades", "enveloped"], None
    for number, person in enumerate(people()[:signers], 1):
        intent = Intent(f"Signature-{number}", person.der, ES256, CLOCK.now(), DATA_OBJECT)
        revision = file.with_name(f"revision-{number}")
        prepared = form.prepare(document, latest, revision, intent)
        value = ES256.sign(person.private_key, form.message(prepared))
        made = Made(prepared, latest is None, DATA_OBJECT, person.der, ES256, [], value, None, None)
        form.embed(revision, made)
        latest = revision
    revision.replace(file)


def changed_bytes(before: bytes, after: bytes) -> list[int]:
    assert len(before) == len(after)
    return [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]


def in_copy(output: Output, place: Place, folder: Path) -> tuple[bytes, int]:
    """The changed file, and where its one changed byte is."""
    target = folder / "changed"
    target.mkdir()
    changed = tampered(output, target, place).output.file.read_bytes()
    (at,) = changed_bytes(output.file.read_bytes(), changed)
    return changed, at


async def test_a_byte_in_a_pdf_stream_that_the_signature_covers(tmp_path: Path) -> None:
    output = await made(tmp_path, "pades", "enveloped", one_page_pdf())
    _, at = in_copy(output, "content", tmp_path)
    whole = output.file.read_bytes()
    assert whole.rfind(b"stream", 0, at) > whole.rfind(b"endstream", 0, at)
    assert at < pdf_signatures(whole)[0].start


async def test_a_digit_of_a_pdf_signature_value(tmp_path: Path) -> None:
    output = await made(tmp_path, "pades", "enveloped", one_page_pdf())
    changed, _ = in_copy(output, "signature value", tmp_path)
    assert [values(one.contents) for one in pdf_signatures(changed)][1:] == [
        values(one.contents) for one in pdf_signatures(output.file.read_bytes())
    ][1:]
    before, after = pdf_signatures(output.file.read_bytes())[0], pdf_signatures(changed)[0]
    assert values(before.contents) != values(after.contents)


async def test_a_letter_of_an_xml_document(tmp_path: Path) -> None:
    output = await made(tmp_path, "xades", "enveloped", XML_TEXT)
    changed, _ = in_copy(output, "content", tmp_path)
    assert etree.fromstring(changed).findtext("{urn:u}strona") == "Bnna"


async def test_a_character_of_the_first_xml_signature_value(tmp_path: Path) -> None:
    output = await made(tmp_path, "xades", "enveloped", XML_TEXT)
    changed, _ = in_copy(output, "signature value", tmp_path)
    before, after = (
        [one.text for one in etree.fromstring(xml).iter(f"{{{DS}}}SignatureValue")]
        for xml in (output.file.read_bytes(), changed)
    )
    assert before[0] != after[0]
    assert before[1:] == after[1:]


async def test_the_middle_of_what_a_cms_holds(tmp_path: Path) -> None:
    output = await made(tmp_path, "cades", "attached", bytes(range(256)) * 8)
    changed, _ = in_copy(output, "content", tmp_path)
    signed = cms.ContentInfo.load(changed)["content"]
    (at,) = changed_bytes(bytes(range(256)) * 8, signed["encap_content_info"]["content"].native)
    assert at == 1024


async def test_the_first_cms_signature_value(tmp_path: Path) -> None:
    output = await made(tmp_path, "cades", "attached", b"content" * 20)
    changed, _ = in_copy(output, "signature value", tmp_path)
    before, after = values(output.file.read_bytes()), values(changed)
    assert before[0] != after[0]
    assert before[1:] == after[1:]


async def test_a_document_that_is_not_in_the_signed_file_is_said(tmp_path: Path) -> None:
    output = await made(tmp_path, "cades", "attached", b"content" * 20)
    output.combination.document.path.write_bytes(b"another document" * 20)
    with pytest.raises(NowhereToTamper):
        in_copy(output, "content", tmp_path)


@pytest.mark.parametrize(
    ("byte", "kind"),
    [(b"7", bytes.isdigit), (b"0", bytes.isdigit), (b"a", bytes.isalpha), (b"A", bytes.isalpha)],
)
def test_a_byte_becomes_another_of_its_kind(byte: bytes, kind: Callable[[bytes], bool]) -> None:
    changed = flipped(b"<" + byte + b">", 1)
    assert changed != b"<" + byte + b">"
    assert kind(changed[1:2])
    assert changed[0:1] + changed[2:3] == b"<>"


def values(der: bytes) -> list[bytes]:
    return [info["signature"].native for info in cms.ContentInfo.load(der)["content"]["signer_infos"]]


def test_an_entry_of_a_container_is_changed_and_its_checksum_right(tmp_path: Path) -> None:
    document = tmp_path / "document"
    document.write_bytes(b"content" * 20)
    file = tmp_path / "signed.asice"
    with zipfile.ZipFile(file, "w") as container:
        container.writestr("document", document.read_bytes())
        container.writestr("META-INF/signature001.p7s", b"")
    combination = Combination(1, "cades", "asic_e", "B-B", "ES256", 1, Document(document, "made here", XML))
    (tmp_path / "changed").mkdir()
    changed = tampered(Output(combination, file, None, ()), tmp_path / "changed", "content").output
    with zipfile.ZipFile(changed.file) as container:
        assert container.testzip() is None
        assert container.namelist() == ["document", "META-INF/signature001.p7s"]
        assert len(changed_bytes(document.read_bytes(), container.read("document"))) == 1
