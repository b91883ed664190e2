"""CAdES judged by OpenSSL, which we did not write."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import pytest
from asn1crypto import cms

from qsignhub.foundation.der import OCTET_STRING, header
from qsignhub.signing.cades import signed_file
from qsignhub.signing.cades.format import CAdES
from qsignhub.signing.errors import DocumentNotSignable
from tests.signing.ades_signing import (
    add_signature,
    copied,
    people,
    pki,
    root_crl,
    run,
    signed_by_all,
    trust_folder,
)

pytestmark = pytest.mark.tools

DOCUMENT = "Umowa o świadczenie usług\r\n".encode() * 100


def openssl_verifies(file: Path, content: Path, *more: str | Path) -> tuple[bool, str]:
    said = run(
        *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", file, "-out", content),
        *("-CAfile", file.parent / "root.pem", "-certsout", file.parent / "certs.pem", "-purpose", "any"),
        *more,
    )
    return said.returncode == 0, said.stderr


@pytest.mark.parametrize("signers", [1, 2, 5, 20])
@pytest.mark.parametrize(
    "document", [DOCUMENT, b"", bytes(range(256)) * 1000], ids=["text", "empty", "bytes"]
)
async def test_openssl_takes_every_signature(tmp_path: Path, signers: int, document: bytes):
    trust_folder(tmp_path)
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), document, file, signers)
    ok, said = openssl_verifies(file, tmp_path / "content")
    assert ok, said
    assert "CAdES Verification successful" in said
    assert (tmp_path / "content").read_bytes() == document
    assert len(cms.ContentInfo.load(file.read_bytes())["content"]["signer_infos"]) == signers


@pytest.mark.parametrize("signers", [1, 5])
async def test_everything_for_long_term_validation_is_inside(tmp_path: Path, signers: int):
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), DOCUMENT, file, signers)
    printed = run("openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", file).stdout
    assert printed.count("d.other") == 2 * signers  # an OCSP answer for each signer and each timestamp
    signed = cms.ContentInfo.load(file.read_bytes())["content"]
    assert signed["version"].native == "v5"
    assert [one.chosen.dump() for one in signed["crls"] if one.name == "crl"] == [root_crl()]
    assert {one.chosen.dump() for one in signed["certificates"]} == {
        *(person.der for person in people()[:signers]),
        pki().tsa.der,
        pki().issuing.der,
        pki().root.der,
    }


async def test_openssl_takes_every_signature_timestamp(tmp_path: Path):
    trust_folder(tmp_path)
    file = tmp_path / "signed.p7m"
    made = await signed_by_all(CAdES(attached=True), DOCUMENT, file, 2)
    for one, info in zip(
        made, cms.ContentInfo.load(file.read_bytes())["content"]["signer_infos"], strict=True
    ):
        (tmp_path / "value").write_bytes(info["signature"].native)
        attributes = {one["type"].native: one["values"][0] for one in info["unsigned_attrs"]}
        (tmp_path / "token.der").write_bytes(attributes["signature_time_stamp_token"].dump())
        said = run(
            *("openssl", "ts", "-verify", "-token_in", "-in", tmp_path / "token.der"),
            *("-data", tmp_path / "value", "-CAfile", tmp_path / "root.pem"),
            *("-untrusted", tmp_path / "issuing.pem"),
        )
        assert "Verification: OK" in said.stdout + said.stderr
        assert info["signature"].native == one.signature


async def test_a_later_signature_leaves_the_earlier_ones_as_they_are(tmp_path: Path):
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), DOCUMENT, file, 2)
    _, before = signed_file.read(file)
    await add_signature(CAdES(attached=True), file, people()[2], 3, first=False)
    _, after = signed_file.read(file)
    assert after.signer_infos[:2] == before.signer_infos
    assert len(after.signer_infos) == 3


async def test_signed_attributes_are_those_of_the_baseline(tmp_path: Path):
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), DOCUMENT, file, 1)
    info = cms.ContentInfo.load(file.read_bytes())["content"]["signer_infos"][0]
    attributes = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_time", "signing_certificate_v2"}
    assert attributes["message_digest"] == hashlib.sha256(DOCUMENT).digest()


@pytest.mark.parametrize("where", ["content", "first signature", "second signature"])
async def test_one_changed_byte_is_refused(tmp_path: Path, where: str):
    trust_folder(tmp_path)
    file = tmp_path / "signed.p7m"
    made = await signed_by_all(CAdES(attached=True), DOCUMENT, file, 2)
    whole = file.read_bytes()
    needle = {
        "content": DOCUMENT,
        "first signature": made[0].signature,
        "second signature": made[1].signature,
    }
    at = whole.index(needle[where]) + len(needle[where]) - 1
    assert openssl_verifies(file, tmp_path / "content")[0]
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    ok, said = openssl_verifies(file, tmp_path / "content")
    assert not ok, said


async def test_a_signature_by_somebody_else_does_not_pass_for_the_signers(tmp_path: Path):
    """The signing-certificate-v2 attribute names the certificate: another one in its place is refused."""
    trust_folder(tmp_path)
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), DOCUMENT, file, 1)
    other = pki().issue("Somebody else")
    content = cms.ContentInfo.load(file.read_bytes())
    info = content["content"]["signer_infos"][0]
    info["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number",
        cms.IssuerAndSerialNumber({"issuer": info["sid"].chosen["issuer"], "serial_number": other.serial}),
    )
    file.write_bytes(content.dump(force=True))
    other.write_pem(tmp_path / "other.pem")
    ok, _ = openssl_verifies(file, tmp_path / "content", "-certfile", tmp_path / "other.pem")
    assert not ok


@pytest.mark.parametrize("length", [0, 1, 40, -1])
async def test_a_file_cut_short_takes_no_further_signature(tmp_path: Path, length: int):
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), DOCUMENT, file, 1)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DocumentNotSignable):
        signed_file.read(copied(file, "cut"))


@pytest.mark.parametrize("size", [2**31, 2**80, 2**1000])
async def test_a_content_that_is_said_to_be_larger_than_the_file_is_refused(tmp_path: Path, size: int):
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), DOCUMENT, file, 1)
    whole, right = file.read_bytes(), header(OCTET_STRING, len(DOCUMENT)) + DOCUMENT
    assert right in whole
    file.write_bytes(whole.replace(right, header(OCTET_STRING, size) + DOCUMENT))
    with pytest.raises(DocumentNotSignable, match="cut off"):
        signed_file.read(file)


async def test_case_21_fifty_megabytes_are_never_held_in_memory(tmp_path: Path):
    trust_folder(tmp_path)
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), b"warm", file, 1)
    with file.open("wb") as large:
        for _ in range(50):
            large.write(bytes(1024 * 1024))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await add_signature(CAdES(attached=True), file, people()[0], 1, first=True)
    await add_signature(CAdES(attached=True), file, people()[1], 2, first=False)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    ok, said = openssl_verifies(file, tmp_path / "content")
    assert ok, said
