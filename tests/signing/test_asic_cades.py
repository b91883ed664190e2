"""ASiC-E with CAdES: each signature checked by OpenSSL over its manifest, the manifests by hand."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree

from qsignhub.foundation.signature_algorithms import ALGORITHMS
from qsignhub.signing.asic import container
from qsignhub.signing.asic.cades import ASiCWithCAdES
from qsignhub.signing.content import Content
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import DataObject, Intent, Made
from tests.signing.ades_signing import CLOCK, pki, timestamped, trust_folder
from tests.signing.cades_signing import (
    DATA_OBJECT,
    DOCUMENT,
    archived,
    entries,
    openssl_takes,
    person,
    signed_once,
    status_of,
)

pytestmark = pytest.mark.tools

FORM = ASiCWithCAdES()
NAMES = {"a": "http://uri.etsi.org/02918/v1.2.1#", "d": "http://www.w3.org/2000/09/xmldsig#"}
HASHES = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
}


async def signed_by(folder: Path, signers: int, algorithm: str = "ES256") -> tuple[Path, Path]:
    document, file = folder / "document", folder / "signed.asice"
    document.write_bytes(DOCUMENT)
    for number in range(1, signers + 1):
        await signed_once(FORM, document, file, number, algorithm=algorithm)
    return document, file


def references(manifest: bytes, inside: dict[str, bytes]) -> list[str]:
    """The entries that a manifest is over; their digests are right."""
    found = []
    for one in etree.fromstring(manifest).findall("a:DataObjectReference", NAMES):
        name = unquote(one.get("URI") or "")
        algorithm = HASHES[one.find("d:DigestMethod", NAMES).get("Algorithm")]  # type: ignore[union-attr,index]
        digest = hashlib.new(algorithm, inside[name]).digest()
        assert one.findtext("d:DigestValue", None, NAMES) == base64.b64encode(digest).decode()
        found.append(name)
    return found


@pytest.mark.parametrize(("signers", "algorithm"), [(1, "ES256"), (5, "ES256"), (20, "ES256"), (2, "ES384")])
async def test_each_signer_has_a_manifest_and_a_signature_over_it(
    tmp_path: Path, signers: int, algorithm: str
):
    trust_folder(tmp_path)
    _, file = await signed_by(tmp_path, signers, algorithm)
    inside = entries(file)
    assert len(inside) == 2 + 2 * signers
    assert inside[DATA_OBJECT.name] == DOCUMENT
    assert openssl_takes(file) == signers
    for number in range(1, signers + 1):
        manifest = inside[f"META-INF/ASiCManifest-sgn_{number}.xml"]
        assert references(manifest, inside) == [DATA_OBJECT.name]
        over = etree.fromstring(manifest).find("a:SigReference", NAMES)
        assert over is not None
        assert over.get("URI") == f"META-INF/signature-sgn_{number}.p7s"
        assert over.get("MimeType") == "application/pkcs7-signature"


async def test_signers_who_sign_at_once_do_not_touch_each_other(tmp_path: Path):
    """All of them prepare on the document before the first signature is in."""
    trust_folder(tmp_path)
    document, file = tmp_path / "document", tmp_path / "signed.asice"
    document.write_bytes(DOCUMENT)
    everybody = []
    how = ALGORITHMS["ES256"]
    for number in (1, 2, 3):
        who = person("ES256", number)
        intent = Intent(f"Signature-sgn_{number}", who.der, how, CLOCK.now(), DATA_OBJECT)
        everybody.append((who, FORM.prepare(document, None, tmp_path / "target", intent)))
    shutil.copyfile(document, file)
    before: dict[str, bytes] = {}
    for place in (2, 0, 1):
        who, prepared = everybody[place]
        value = how.sign(who.key, FORM.message(prepared))
        token = await timestamped(FORM.imprint(prepared, value, who.der))
        data = status_of(who.der, pki().tsa.der)
        chain = [pki().issuing.der]
        FORM.embed(file, Made(prepared, not before, DATA_OBJECT, who.der, how, chain, value, token, data))
        now = entries(file)
        assert now.items() >= before.items()
        before = now
    assert openssl_takes(file) == 3


async def test_archive_manifests_are_a_chain(tmp_path: Path):
    """EN 319 162-1 annex A.7: the newest has the plain name, and names the one before as its root."""
    document, file = await signed_by(tmp_path, 2)
    before = entries(file)
    for _ in range(3):
        await archived(FORM, document, file)
    inside = entries(file)
    assert [name for name in inside if name.endswith(".tst")] == [
        f"META-INF/timestamp00{number}.tst" for number in (1, 2, 3)
    ]
    links = ["META-INF/ASiCArchiveManifest001.xml", "META-INF/ASiCArchiveManifest002.xml"]
    chain = [*links, "META-INF/ASiCArchiveManifest.xml"]
    for number, name in enumerate(chain):
        covered = references(inside[name], inside)
        assert {*before} - {"mimetype"} <= {*covered}
        assert {*chain[:number]} == {one for one in covered if "Archive" in one}
        root = etree.fromstring(inside[name])
        previous = [
            unquote(one.get("URI") or "")
            for one in root.findall("a:DataObjectReference", NAMES)
            if one.get("Rootfile") == "true"
        ]
        assert previous == chain[number - 1 : number]
        over = root.find("a:SigReference", NAMES)
        assert over is not None
        assert over.get("URI") == f"META-INF/timestamp00{number + 1}.tst"
    for name in (one for one in before if one.endswith(".xml")):
        assert inside[name] == before[name]


async def test_validation_data_go_only_into_what_no_archive_manifest_covers(tmp_path: Path):
    document, file = await signed_by(tmp_path, 1)
    await archived(FORM, document, file)
    first = entries(file)
    await archived(FORM, document, file)
    second = entries(file)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"META-INF/timestamp001.tst", "META-INF/ASiCArchiveManifest.xml"}
    assert len(second["META-INF/timestamp001.tst"]) > len(first["META-INF/timestamp001.tst"])


async def test_a_signer_does_not_sign_twice_into_one_container(tmp_path: Path):
    document, file = await signed_by(tmp_path, 1)
    with pytest.raises(DocumentNotSignable, match="already"):
        await signed_once(FORM, document, file, 1)


async def test_the_documents_name_is_a_plain_one(tmp_path: Path):
    document = tmp_path / "document"
    document.write_bytes(DOCUMENT)
    who, how = person("ES256", 1), ALGORITHMS["ES256"]
    named = DataObject("../META-INF/a&b<c>\"'#?.xlsx", "application/vnd.ms-excel")
    intent = Intent("Signature-1", who.der, how, CLOCK.now(), named)
    prepared = FORM.prepare(document, None, tmp_path / "target", intent)
    value = how.sign(who.key, FORM.message(prepared))
    FORM.embed(document, Made(prepared, True, named, who.der, how, [], value, None, None))
    inside = entries(document)
    name = "_META-INF_a&b_c__'#_.xlsx"
    assert [*inside][1] == name
    assert references(inside["META-INF/ASiCManifest-1.xml"], inside) == [name]


async def test_another_container_takes_no_signature(tmp_path: Path):
    document, file = await signed_by(tmp_path, 1)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("another.txt", b"beside")
    with pytest.raises(DocumentNotSignable):
        await signed_once(FORM, document, file, 2)


async def test_a_manifest_that_cannot_be_read_is_refused_with_a_reason(tmp_path: Path):
    document, file = await signed_by(tmp_path, 1)
    await archived(FORM, document, file)
    present = container.read(file)
    for wrong in (b"<a", b"<a/>", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'):
        metadata = {**present.metadata, "META-INF/ASiCArchiveManifest.xml": wrong}
        other = tmp_path / "other.asice"
        container.write(other, container.Container(present.name, Content.of(document), metadata))
        with pytest.raises(DocumentNotSignable, match="manifest"):
            await archived(FORM, document, other)
