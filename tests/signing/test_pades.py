"""PAdES at every level and on every kind of PDF, judged by pdfsig and pyHanko's command, not by us."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import typst
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.documents.inspection import inspect_pdf
from qsignhub.signing.errors import SignatureTooLarge
from qsignhub.signing.format import Attachment
from qsignhub.signing.pades.pdf_objects import elements
from qsignhub.signing.pades.revision import PreparedRevision, fill
from tests.pdfs import big_pdf, form_pdf, hybrid_pdf, one_page_pdf, pages_pdf, pdf_with, signed_pdf
from tests.signing.ades_signing import people, run, trust_folder
from tests.signing.pades_signing import (
    VISIBLE,
    archive,
    linearised,
    pdf_2_0,
    rotated_and_cropped,
    sign,
    with_object_streams,
)

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "pades"
pytestmark = pytest.mark.tools

_DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "tables": lambda: pages_pdf(2),
    "object streams": lambda: with_object_streams(pages_pdf(2)),
    "form in object streams": lambda: with_object_streams(form_pdf()),
    "linearised": lambda: linearised(pages_pdf(2)),
    "PDF 2.0": lambda: pdf_2_0(one_page_pdf()),
    "form": form_pdf,
    "rotated and cropped": rotated_and_cropped,
    "no end of line": lambda: one_page_pdf().rstrip(),
    "1,000 pages": lambda: pages_pdf(1000),
}


def pdfsig(file: Path) -> Counter[str]:
    """How many signatures pdfsig finds so and so."""
    said = run("pdfsig", "-nocert", file).stdout
    kept = "- Signature Validation: "
    return Counter(line.split(kept)[1] for line in said.splitlines() if kept in line)


def pyhanko_says(file: Path) -> list[str]:
    """pyHanko's verdict on each signature: integrity and trust, and what came after it."""
    trust_folder(file.parent)
    said = run(
        *(Path(".venv/bin/pyhanko"), "sign", "validate", "--no-revocation-check"),
        *("--trust", file.parent / "root.pem", file),
    )
    return [
        line.partition(":")[2].partition(":")[2] for line in said.stdout.splitlines() if ":INTACT" in line
    ]


VALID = "Signature is Valid."


@pytest.mark.parametrize("kind", _DOCUMENTS)
async def test_two_signatures_on_every_kind_of_document(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    document = _DOCUMENTS[kind]()
    file.write_bytes(document)
    await sign(file, 1, appearance=VISIBLE)
    await sign(file, 2)
    assert file.read_bytes().startswith(document)
    assert pdfsig(file) == {VALID: 2}
    first, second = pyhanko_says(file)
    assert "TRUSTED" in first
    assert first.endswith("ACCEPTABLE_MODIFICATIONS")
    assert "TRUSTED" in second


async def test_a_hybrid_file_keeps_its_signatures(tmp_path: Path) -> None:
    """Admission refuses it; pyHanko's command does not read it strictly."""
    file = tmp_path / "a.pdf"
    file.write_bytes(hybrid_pdf())
    await sign(file, 1)
    await sign(file, 2)
    assert pdfsig(file) == {VALID: 2}


async def test_50_mb_are_never_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(big_pdf(50_000_000))
    tracemalloc.start()
    await sign(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    assert pdfsig(file) == {VALID: 1}


async def test_twenty_people_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(pages_pdf(2))
    for number in range(1, 21):
        await sign(file, number)
        assert pdfsig(file) == {VALID: number}
    verdicts = pyhanko_says(file)
    assert len(verdicts) == len(people()) == 20
    assert all("TRUSTED" in one and "ILLEGAL" not in one for one in verdicts)


@pytest.fixture
def signed_by_another() -> bytes:
    return signed_pdf()


async def test_case_18_a_foreign_signature_stays_valid(signed_by_another: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(signed_by_another)
    await sign(file, 1, appearance=VISIBLE)
    await sign(file, 2, level="B-LTA")
    assert pdfsig(file)[VALID] == 3
    assert "ILLEGAL" not in "".join(pyhanko_says(file))


@pytest.mark.parametrize(
    ("level", "signatures", "store"),
    [("B-B", 1, False), ("B-T", 1, False), ("B-LT", 1, True), ("B-LTA", 2, True)],
)
async def test_each_level_has_what_it_claims_and_no_more(
    level: str, signatures: int, *, store: bool, tmp_path: Path
) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(one_page_pdf())
    await sign(file, level=level)
    with file.open("rb") as stream:
        reader = PdfFileReader(stream)
        assert ("/DSS" in reader.root) is store
        assert len(reader.embedded_signatures) == signatures
        unsigned = reader.embedded_signatures[0].signer_info["unsigned_attrs"].native or []
        kinds = [attribute["type"] for attribute in unsigned]
        assert kinds == ([] if level == "B-B" else ["signature_time_stamp_token"])
    assert pdfsig(file)[VALID] == 1


async def test_archived_again_and_again(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(one_page_pdf())
    await sign(file, level="B-LTA")
    before = file.read_bytes()
    await archive(file, "Timestamp-again")
    await archive(file, "Timestamp-and-again")
    assert file.read_bytes().startswith(before)
    with file.open("rb") as stream:
        reader = PdfFileReader(stream)
        assert len(reader.embedded_timestamp_signatures) == 3
        # certificates and lists are there once, however often they were brought
        held = [stream.data for key in ("/Certs", "/CRLs") for stream in elements(reader.root["/DSS"][key])]
        assert len(held) == len(set(held)) == 5
    assert "ILLEGAL" not in "".join(pyhanko_says(file))


async def test_a_statement_is_signed(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(one_page_pdf())
    await sign(file, statement="Confirms the act of Anna Żółć")
    with file.open("rb") as stream:
        signature = PdfFileReader(stream).embedded_signatures[0]
        assert signature.sig_object["/Reason"] == "Confirms the act of Anna Żółć"


def pdf_a(version: Literal["a-1b", "a-2b", "a-3b"]) -> bytes:
    made = typst.compile(b"= Umowa", format="pdf", pdf_standards=[version])
    assert isinstance(made, bytes)
    return made


async def test_an_attachment_comes_with_the_first_signature_and_none_after(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(one_page_pdf())
    contents = [b"<a/>" * 1000, b"<b/>"]
    for number, content in enumerate(contents, 1):
        await sign(file, number, attachment=Attachment("umowa ż.xml", "text/xml", "What was signed", content))
    with file.open("rb") as stream:
        root = PdfFileReader(stream).root
        names = root["/Names"]["/EmbeddedFiles"]["/Names"]
        assert len(names) == 2
        one = names[1]
        embedded = one["/EF"]["/F"]
        assert (one["/UF"], one["/AFRelationship"]) == ("umowa ż.xml", "/Supplement")
        assert one["/Desc"] == "What was signed"
        assert (embedded.data, embedded["/Subtype"]) == (contents[0], "/text/xml")
        parameters = embedded["/Params"]
        checksum = hashlib.md5(contents[0]).digest()
        assert (parameters["/Size"], parameters["/CheckSum"].original_bytes) == (len(contents[0]), checksum)
        assert {"/CreationDate", "/ModDate"} <= set(parameters)
        assert len(root["/AF"]) == 1
    assert "umowa ż.xml" in run("qpdf", "--list-attachments", file).stdout
    assert pdfsig(file) == {VALID: 2}
    assert "ILLEGAL" not in "".join(pyhanko_says(file))


@pytest.mark.parametrize(
    ("version", "content", "taken"),
    [
        ("a-1b", "a-2b", False),
        ("a-2b", "a-2b", True),
        ("a-2b", None, False),
        ("a-3b", None, True),
    ],
)
async def test_a_pdf_a_takes_in_what_its_standard_allows(
    version: Literal["a-1b", "a-2b", "a-3b"],
    content: Literal["a-2b"] | None,
    taken: bool,
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf_a(version))
    attached = pdf_a(content) if content else b"plain"
    await sign(file, attachment=Attachment("trail.pdf", "application/pdf", "Audit trail", attached))
    assert ("trail.pdf" in run("qpdf", "--list-attachments", file).stdout) is taken


@pytest.mark.parametrize(
    "catalog",
    [
        b"/Names[]",
        b"/AF<</Type/Filespec/F(a)>>",
        b"/Names<</EmbeddedFiles<</Names[/a <</Type/Filespec/F(a)>>]>>>>",
        b"/Names<</EmbeddedFiles<</Kids[null]>>>>",
        b"/Names<</EmbeddedFiles 2 0 R>>",
        b"/Metadata 99 0 R",
    ],
)
async def test_what_stands_in_an_attachment_s_way_stops_no_signature(catalog: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf_with(catalog))
    await sign(file, attachment=Attachment("trail.pdf", "application/pdf", "Audit trail", b"%PDF-1.7"))
    assert pdfsig(file) == {VALID: 1}


async def test_attachments_join_a_tree_of_names_that_is_there(tmp_path: Path) -> None:
    other, file = tmp_path / "note.txt", tmp_path / "a.pdf"
    other.write_bytes(b"note")
    (tmp_path / "plain.pdf").write_bytes(one_page_pdf())
    assert run("qpdf", "--add-attachment", other, "--", tmp_path / "plain.pdf", file).returncode == 0
    await sign(file, attachment=Attachment("note.txt", "text/plain", "Ours", b"ours"))
    assert run("qpdf", "--show-attachment=note.txt", file).stdout == "note"
    assert run("qpdf", "--show-attachment=note (2).txt", file).stdout == "ours"


@pytest.mark.parametrize("version", ["a-1b", "a-2b", "a-3b"])
async def test_the_metadata_of_a_pdf_a_are_left_alone(
    version: Literal["a-1b", "a-2b", "a-3b"], tmp_path: Path
) -> None:
    """What veraPDF says of it is in the conformance run."""
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf_a(version))
    before = _metadata(file)
    await sign(file, level="B-LTA")
    assert _metadata(file) == before
    assert pdfsig(file)[VALID] == 1


def _metadata(file: Path) -> tuple[bytes, dict[str, str]]:
    with file.open("rb") as stream:
        reader = PdfFileReader(stream)
        info = reader.trailer["/Info"]
        return reader.root.raw_get("/Metadata").get_object().data, {key: str(info[key]) for key in info}


@pytest.mark.parametrize("where", ["document", "signature value", "attributes"])
async def test_one_changed_byte_is_found(where: str, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(one_page_pdf("Fee: 100 EUR"))
    made = await sign(file)
    content = bytearray(file.read_bytes())
    if where == "document":
        at = content.index(b"100 EUR")
        content[at : at + 1] = b"9"
    else:
        octets = made.signature if where == "signature value" else made.prepared.to_be_signed[-32:]
        at = content.index(octets.hex().upper().encode()) + 2 * len(octets) - 1
        content[at : at + 1] = b"0" if content[at : at + 1] != b"0" else b"1"
    file.write_bytes(content)
    assert VALID not in pdfsig(file)
    assert pyhanko_says(file) == [] or "INVALID" in pyhanko_says(file)[0]


async def test_what_does_not_fit_its_room_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"<" + b"0" * 20 + b">")
    with pytest.raises(SignatureTooLarge):
        fill(file, PreparedRevision(b"", 0, 22), bytes(11))
    fill(file, PreparedRevision(b"", 0, 22), bytes(10))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of signed files is not there")
@pytest.mark.parametrize("name", ["pades-epes.pdf", "pades-ltv.pdf", "Signature-P-HU_MIC-1.pdf", "pkcs7.pdf"])
async def test_case_18_signatures_of_other_makers_stay_as_they_were(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes((CORPUS / name).read_bytes())
    inspect_pdf(file)
    before = pdfsig(file)
    await sign(file, 1, appearance=VISIBLE)
    await sign(file, 2)
    assert pdfsig(file) == before + Counter({VALID: 2})
