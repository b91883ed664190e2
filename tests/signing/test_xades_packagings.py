"""XML signatures around a document and apart from it: judged by xmlsec1 and the schema, byte by byte."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree
from signxml.processor import get_schema

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import DataObject, PreparedArchive
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.xades.names import NAMESPACES, SIGNATURE
from tests.signing.ades_signing import trust_folder
from tests.signing.test_xades import DOCUMENTS, PLAIN, encoding_of, xmlsec1_verifies
from tests.signing.xades_signing import Signed, person, signed_at

pytestmark = [pytest.mark.tools, pytest.mark.xmlsec]

INSIDE = pytest.mark.parametrize("packaging", ["enveloped", "enveloping"])


def started(tmp_path: Path, packaging: str, content: bytes, data_object: DataObject | None = None) -> Signed:
    trust_folder(tmp_path)
    document = tmp_path / "document"
    document.write_bytes(content)
    signed = Signed(FORMATS["xades", packaging], document, tmp_path / "signed.xml")
    signed.data_object = data_object or signed.data_object
    return signed


@pytest.mark.parametrize("kind", DOCUMENTS)
async def test_xmlsec1_takes_signatures_around_every_kind_of_document(tmp_path: Path, kind: str):
    """One, two and three; archive timestamps leave every byte of the document and of what is signed."""
    signed = started(tmp_path, "enveloping", DOCUMENTS[kind])
    end = "?>".encode(encoding_of(kind))
    declared = "<?xml " in DOCUMENTS[kind][:100].replace(b"\0", b"").decode("latin-1")
    content = (
        DOCUMENTS[kind].partition(end)[2] if declared else DOCUMENTS[kind].lstrip(b"\xef\xbb\xbf\xfe\xff")
    )
    for count in (1, 2, 3):
        await signed.sign("LT")
        assert signed.file.read_bytes().count(content) == 1
        for number in range(1, count + 1):
            ok, said = xmlsec1_verifies(signed.file, number)
            assert ok, said
    await signed.archive()
    assert signed.file.read_bytes().count(content) == 1
    assert len(list(etree.parse(signed.file).iter(SIGNATURE))) == 3
    for number in (1, 2, 3):
        ok, said = xmlsec1_verifies(signed.file, number)
        assert ok, said


@pytest.mark.parametrize("kind", sorted(set(DOCUMENTS) - {"empty root", "empty root utf-16", "ids"}))
async def test_archive_timestamps_leave_every_byte_of_the_document(tmp_path: Path, kind: str):
    signed = started(tmp_path, "enveloped", DOCUMENTS[kind])
    await signed_at("LTA2", signed, person("ES256", 1), person("ES384", 2))
    whole = signed.file.read_bytes()
    opening, closing = (text.encode(encoding_of(kind)) for text in ("<ds:Signature ", "</ds:Signature>"))
    rest = whole[: whole.index(opening)] + whole[whole.rindex(closing) + len(closing) :]
    assert rest == DOCUMENTS[kind]
    for number in (1, 2):
        ok, said = xmlsec1_verifies(signed.file, number)
        assert ok, said


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("umowa.docx", "umowa.docx"),
        ("Żółć nr 1 (kopia) + 100%.bin", "Żółć nr 1 (kopia) + 100%.bin"),
        ("a:b#c?d&e'.pdf", "a_b#c_d&e'.pdf"),
        ("漢字 🖋.xml", "漢字 🖋.xml"),
        ("%41.txt", "%41.txt"),
    ],
)
async def test_a_detached_signature_names_the_file_beside_it(tmp_path: Path, name: str, named: str):
    signed = started(tmp_path, "detached", bytes(range(256)), DataObject(name, "application/octet-stream"))
    await signed_at("LTA", signed, person("ES256", 1), person("RS256", 2))
    uris = [
        one.get("URI")
        for one in etree.parse(signed.file).iterfind(".//ds:Reference[@Id]", NAMESPACES)
        if one.get("Id", "").endswith("-document")
    ]
    assert [unquote(uri or "") for uri in uris] == [named, named]
    assert all(uri and uri.isascii() and not set(uri) & set(" :#?&+()") for uri in uris)


async def test_xmlsec1_takes_a_detached_signature_and_no_other_file(tmp_path: Path):
    content = bytes(range(256)) * 50
    signed = started(tmp_path, "detached", content, DataObject("umowa nr 1.bin", "application/octet-stream"))
    await signed_at("LTA", signed, person("ES256", 1), person("ES384", 2), person("RS256", 3))
    beside = tmp_path / "umowa nr 1.bin"
    for number in (1, 2, 3):
        beside.write_bytes(content)
        assert verified_in(tmp_path, signed.file, number)
        beside.write_bytes(content[:-1] + b"\0")
        assert not verified_in(tmp_path, signed.file, number)


def verified_in(folder: Path, file: Path, number: int) -> bool:
    said = subprocess.run(
        [
            *("xmlsec1", "--verify", "--trusted-pem", "root.pem", "--untrusted-pem", "issuing.pem"),
            *("--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"),
            *("--node-xpath", f"(//*[local-name()='Signature'])[{number}]", str(file)),
        ],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return said.returncode == 0


@pytest.mark.parametrize("packaging", ["enveloped", "enveloping", "detached"])
@pytest.mark.parametrize("level", ["B", "T", "LT", "LTA2"])
async def test_signatures_are_as_the_schemas_have_them(tmp_path: Path, packaging: str, level: str):
    signed = started(tmp_path, packaging, PLAIN)
    if level == "LTA2":
        await signed.sign("T", statement="for the company")
    await signed_at(level, signed, person("ES256", 1), person("PS256", 2))
    for signature in etree.parse(signed.file).iter(SIGNATURE):
        alone = etree.fromstring(etree.tostring(signature))
        get_schema("xmldsig1-schema.xsd").assertValid(alone)
        properties = alone.find("ds:Object/xades:QualifyingProperties", NAMESPACES)
        assert properties is not None
        get_schema("XAdES01903v141-201601.xsd").assertValid(etree.fromstring(etree.tostring(properties)))


async def test_one_changed_byte_inside_is_refused(tmp_path: Path):
    signed = started(tmp_path, "enveloping", PLAIN)
    await signed_at("LTA", signed, person("ES256", 1), person("ES256", 2))
    whole = signed.file.read_bytes()
    for number in (1, 2):
        assert xmlsec1_verifies(signed.file, number)[0]
    signed.file.write_bytes(whole.replace(b">100<", b">101<"))
    for number in (1, 2):
        assert not xmlsec1_verifies(signed.file, number)[0]


@INSIDE
async def test_an_element_of_the_signature_namespace_in_the_document_is_no_signature(
    tmp_path: Path, packaging: str
):
    """As in SAML metadata: canonical form writes the prefix's declaration once, wherever that is."""
    document = (
        '<m:e xmlns:m="urn:m" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="e">'
        '<ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo><ds:Object Id="o"/></m:e>'
    )
    signed = started(tmp_path, packaging, document.encode())
    await signed_at("LTA", signed, person("ES256", 1), person("ES256", 2))
    for number in (1, 2):
        ok, said = xmlsec1_verifies(signed.file, number)
        assert ok, said


@INSIDE
async def test_what_is_said_beside_goes_into_every_encoding(tmp_path: Path, packaging: str):
    signed = started(tmp_path, packaging, DOCUMENTS["latin-2"])
    await signed.sign("LT", statement="Ω 漢字 & Żółć")
    await signed.archive()
    ok, said = xmlsec1_verifies(signed.file, 1)
    assert ok, said
    assert etree.parse(signed.file).findtext(".//xades:ClaimedRole", "", NAMESPACES) == "Ω 漢字 & Żółć"


@INSIDE
@pytest.mark.parametrize(
    "document",
    [
        b"<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c>&x;</c>",
        b"<c><a></c>",
        b"",
        b"<c/></ds:Object><ds:Object>",
        b"<c/><c/>",
        b"<c xmlns:d='urn:d'><d:a/><e:b/></c>",
        f"<c><a><s:Signature xmlns:s='{NAMESPACES['ds']}'/></a></c>".encode(),
        b'<?xml version="1.0" ' + b" " * 2000 + b"?><c><e:b/></c>",
    ],
)
async def test_what_is_no_plain_document_is_refused(tmp_path: Path, packaging: str, document: bytes):
    signed = started(tmp_path, packaging, document)
    with pytest.raises(DocumentNotSignable):
        await signed.sign("B")


async def test_a_signature_without_timestamp_takes_no_archive_timestamp(tmp_path: Path):
    signed = started(tmp_path, "enveloped", PLAIN)
    await signed.sign("LT")
    await signed.sign("B")
    before = signed.file.read_bytes()
    with pytest.raises(ValueError, match="Signature-2 has no signature timestamp"):
        await signed.archive()
    assert signed.file.read_bytes() == before


async def test_an_archive_timestamp_is_put_in_once(tmp_path: Path):
    signed = started(tmp_path, "enveloping", PLAIN)
    await signed_at("LTA", signed, person("ES256", 1))
    with pytest.raises(ValueError, match="waits for no archive timestamp"):
        signed.form.complete_archive(signed.file, PreparedArchive((b"",)), [b"token"])
