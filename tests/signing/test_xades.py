"""XAdES judged by xmlsec1 and OpenSSL, which we did not write."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest
from lxml import etree

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.xades.format import XAdES
from qsignhub.signing.xades.names import DS, XADES, canonical
from tests.signing.ades_signing import (
    add_signature,
    copied,
    people,
    pki,
    prepared_by,
    root_crl,
    run,
    signed_by_all,
    trust_folder,
)

pytestmark = [pytest.mark.tools, pytest.mark.xmlsec]

NS = {"ds": DS, "xades": XADES}
PLAIN = b"<contract><fee currency='EUR'>100</fee></contract>"
DOCUMENTS = {
    "plain": PLAIN,
    "declaration": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + PLAIN + b"\n",
    "default namespace": b'<inv xmlns="urn:x" xmlns:b="urn:b" xml:lang="pl"><b:a b:k="1">1</b:a></inv>',
    "our prefixes taken": b'<ds:inv xmlns:ds="urn:x" xmlns:xades="urn:y"><xades:a/><ds:b/></ds:inv>',
    "comments": b"<!-- before --><c><!-- </c> --><a>1</a><!-- inside --></c><!-- </c> after -->\n",
    "processing instructions": b'<?xml-stylesheet href="a.css"?>\n<c><?do </c>?><a/></c>\n<?after </c>?>\n',
    "mixed content": b"<p>One <b>two</b> three <i>four</i> &lt;&amp;&gt; &#13; <![CDATA[<raw> & ]]>\t</p>",
    "non-ascii": "<umowa><strona>Żółć Müller 漢字 🖋</strona></umowa>".encode(),
    "crlf": b'<?xml version="1.0"?>\r\n<c a="x\r\ny">\r\n  <a>1</a>\r\n  <b/>\r\n</c>\r\n',
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "utf-8 mark, declared": b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>' + PLAIN,
    "utf-16": ('<?xml version="1.0" encoding="UTF-16"?>\n<umowa>Żółć</umowa>').encode("utf-16"),
    "utf-16 big-endian": b"\xfe\xff" + "<umowa><a/></umowa>".encode("utf-16-be"),
    "utf-16 without a mark": '<?xml version="1.0" encoding="UTF-16"?><u>Żółć</u>'.encode("utf-16-le"),
    "latin-2": '<?xml version="1.0" encoding="ISO-8859-2"?><umowa k="Ł">Żółć</umowa>'.encode("iso-8859-2"),
    "empty root": b'<?xml version="1.0"?>\n<order id="5" note="a > b /> c"/>\n<!-- </order> -->',
    "empty root utf-16": '<order id="Ż"/>\n'.encode("utf-16"),
    "space in end tag": b"<c><a/></c  >",
    "ids": b'<c xmlns:s="urn:s" s:schemaLocation="a b" xml:id="c" Id="c" ID="d" id="e"/>',
}


def encoding_of(kind: str) -> str:
    """In which markup stands in a document of ``DOCUMENTS``."""
    if "utf-16" not in kind:
        return "ascii"
    return "utf-16-be" if kind.endswith("big-endian") else "utf-16-le"


def xmlsec1_verifies(file: Path, number: int) -> tuple[bool, str]:
    """The signature of that number (from 1), its certificate up to the root."""
    said = run(
        *("xmlsec1", "--verify", "--trusted-pem", file.parent / "root.pem"),
        *("--untrusted-pem", file.parent / "issuing.pem", "--id-attr:Id", f"{XADES}:SignedProperties"),
        *("--id-attr:Id", f"{DS}:Object"),
        *("--node-xpath", f"(//*[local-name()='Signature'])[{number}]", file),
    )
    return said.returncode == 0, said.stderr


@pytest.mark.parametrize("kind", DOCUMENTS)
async def test_xmlsec1_takes_two_signatures_on_every_kind_of_document(tmp_path: Path, kind: str):
    trust_folder(tmp_path)
    file = tmp_path / "signed.xml"
    await signed_by_all(XAdES(), DOCUMENTS[kind], file, 2)
    for number in (1, 2):
        ok, said = xmlsec1_verifies(file, number)
        assert ok, said


@pytest.mark.parametrize("signers", [1, 5, 20])
async def test_xmlsec1_takes_every_signature(tmp_path: Path, signers: int):
    trust_folder(tmp_path)
    file = tmp_path / "signed.xml"
    await signed_by_all(XAdES(), DOCUMENTS["mixed content"], file, signers)
    assert len(etree.parse(file).findall("ds:Signature", NS)) == signers
    for number in range(1, signers + 1):
        ok, said = xmlsec1_verifies(file, number)
        assert ok, said


@pytest.mark.parametrize("kind", sorted(set(DOCUMENTS) - {"empty root", "empty root utf-16", "ids"}))
async def test_every_byte_of_the_document_stays_as_it_was(tmp_path: Path, kind: str):
    file = tmp_path / "signed.xml"
    document = DOCUMENTS[kind]
    await signed_by_all(XAdES(), document, file, 1)
    once = file.read_bytes()
    await add_signature(XAdES(), file, people()[1], 2, first=False)
    encoding = encoding_of(kind)
    assert without_last_signature(file.read_bytes(), encoding) == once
    assert without_last_signature(once, encoding) == document


def without_last_signature(signed: bytes, encoding: str) -> bytes:
    opening, closing = "<ds:Signature ".encode(encoding), "</ds:Signature>".encode(encoding)
    return signed[: signed.rindex(opening)] + signed[signed.rindex(closing) + len(closing) :]


async def test_one_changed_byte_is_refused(tmp_path: Path):
    trust_folder(tmp_path)
    file = tmp_path / "signed.xml"
    await signed_by_all(XAdES(), PLAIN, file, 2)
    whole = file.read_bytes()
    signature = etree.fromstring(whole).findall("ds:Signature", NS)[0]
    time = signature.findtext(".//xades:SigningTime", namespaces=NS)
    value = signature.findtext("ds:SignatureValue", namespaces=NS)
    assert time is not None
    assert value is not None
    for needle, number in ((b"100", 1), (b"100", 2), (b"EUR", 1), (time.encode(), 1), (value.encode(), 1)):
        assert xmlsec1_verifies(file, number)[0]
        at = whole.index(needle)
        changed = copied(file, "changed.xml")
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not xmlsec1_verifies(changed, number)[0], needle


async def test_openssl_takes_every_signature_timestamp(tmp_path: Path):
    trust_folder(tmp_path)
    file = tmp_path / "signed.xml"
    await signed_by_all(XAdES(), DOCUMENTS["default namespace"], file, 2)
    for signature in etree.parse(file).findall("ds:Signature", NS):
        value = signature.find("ds:SignatureValue", NS)
        token = signature.findtext(".//xades:SignatureTimeStamp/xades:EncapsulatedTimeStamp", "", NS)
        assert value is not None
        (tmp_path / "covered").write_bytes(canonical(value))
        (tmp_path / "token.der").write_bytes(b64decode(token))
        said = run(
            *("openssl", "ts", "-verify", "-token_in", "-in", tmp_path / "token.der"),
            *("-data", tmp_path / "covered", "-CAfile", tmp_path / "root.pem"),
            *("-untrusted", tmp_path / "issuing.pem"),
        )
        assert "Verification: OK" in said.stdout + said.stderr


async def test_everything_for_long_term_validation_is_inside(tmp_path: Path):
    file = tmp_path / "signed.xml"
    await signed_by_all(XAdES(), PLAIN, file, 1)
    signature = etree.parse(file).find("ds:Signature", NS)
    assert signature is not None

    def values(path: str) -> list[bytes]:
        return [b64decode(one.text or "") for one in signature.iterfind(f".//xades:{path}", NS)]

    in_key_info = [
        b64decode(one.text or "") for one in signature.iterfind("ds:KeyInfo//ds:X509Certificate", NS)
    ]
    assert in_key_info == [people()[0].der, pki().issuing.der]
    assert values("EncapsulatedX509Certificate") == [pki().tsa.der, pki().root.der]
    assert values("EncapsulatedCRLValue") == [root_crl()]
    assert len(values("EncapsulatedOCSPValue")) == 2
    assert signature.find(".//xades:SigningCertificateV2/xades:Cert/xades:CertDigest", NS) is not None


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (b"<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c>&x;</c>", "DOCTYPE"),
        (b"<!DOCTYPE c SYSTEM 'http://127.0.0.1:9/c.dtd'><c/>", "DOCTYPE"),
        (b"<c><a></c>", "cannot be read"),
        (b"", "cannot be read"),
        (b"plain text", "cannot be read"),
        (b"<c>&undefined;</c>", "cannot be read"),
        (b"<?xml version='1.0' encoding='nonsense'?><c/>", "cannot be read"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "cannot be read"),
        (f"<c><s:Signature xmlns:s='{DS}'/></c>".encode(), "holds a signature already"),
    ],
    ids=["24 xxe", "26 dtd", "torn", "nothing", "text", "entity", "encoding", "deep", "signed"],
)
def test_cases_24_to_26_what_is_no_plain_document_is_refused(tmp_path: Path, document: bytes, told: str):
    file = tmp_path / "document.xml"
    file.write_bytes(document)
    with pytest.raises(DocumentNotSignable, match=told):
        prepared_by(XAdES(), file, people()[0], 1, first=True)


async def test_a_long_text_takes_a_signature(tmp_path: Path):
    """An invoice with its attachments in it: more text in a row than libxml2 takes by default."""
    file = tmp_path / "signed.xml"
    document = b"<invoice><attachment>" + b"QUJD" * 3_000_000 + b"</attachment></invoice>"
    await signed_by_all(XAdES(), document, file, 2)
    assert file.read_bytes().startswith(document.removesuffix(b"</invoice>"))


async def test_nested_as_deep_as_allowed_takes_a_signature(tmp_path: Path):
    trust_folder(tmp_path)
    file = tmp_path / "signed.xml"
    await signed_by_all(XAdES(), b"<a>" * 256 + b"</a>" * 256, file, 1)
    ok, said = xmlsec1_verifies(file, 1)
    assert ok, said


def test_case_25_a_billion_laughs_are_refused_before_the_first(tmp_path: Path):
    file = tmp_path / "document.xml"
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    file.write_text(f'<!DOCTYPE c [<!ENTITY l0 "ha">{entities}]><c>&l9;</c>')
    with pytest.raises(DocumentNotSignable, match="DOCTYPE"):
        prepared_by(XAdES(), file, people()[0], 1, first=True)
