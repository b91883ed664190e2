"""The sandbox's specimen of a revoked certificate, asked for and validated over HTTP."""

from __future__ import annotations

import io
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.support.live import LiveService


@pytest.fixture(scope="module")
def specimen(live_service: LiveService) -> bytes:
    """Without a key, and by several at once: all get the one file."""
    url = f"{live_service.base_url}/sandbox/specimens/revoked.pdf"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: httpx.get(url, timeout=60), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["content-type"] for answer in answers} == {"application/pdf"}
    assert len({answer.content for answer in answers}) == 1
    return answers[0].content


def test_validate_finds_it_revoked(live_service: LiveService, specimen: bytes):
    report = live_service.validate(specimen)
    assert report["valid"] is False
    signature = report["signatures"][0]
    assert signature["ocsp_status"] == "revoked"
    assert signature["certificate_valid"] is False
    assert signature["document_integrity"] is True
    assert signature["timestamp_valid"] is True
    assert signature["signer_name"] == "SANDBOX Revoked Specimen"


@pytest.mark.tools
def test_openssl_hears_of_the_revocation_from_our_responder(
    live_service: LiveService, specimen: bytes, tmp_path: Path
):
    certificate = PdfFileReader(io.BytesIO(specimen)).embedded_regular_signatures[0].signer_cert.dump()
    (tmp_path / "signer.pem").write_text(ssl.DER_cert_to_PEM_cert(certificate))
    for name in ("root", "ca-aes"):
        der = httpx.get(f"{live_service.base_url}/pki/{name}.crt").content
        (tmp_path / f"{name}.pem").write_text(ssl.DER_cert_to_PEM_cert(der))
    said = subprocess.run(
        [
            *("openssl", "ocsp", "-issuer", tmp_path / "ca-aes.pem", "-cert", tmp_path / "signer.pem"),
            *("-url", f"{live_service.base_url}/pki/ocsp", "-CAfile", tmp_path / "root.pem"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Response verify OK" in said.stderr
    assert "signer.pem: revoked" in said.stdout
    assert "Reason: keyCompromise" in said.stdout


@pytest.mark.tools
def test_the_file_itself_is_sound_to_other_readers(specimen: bytes, tmp_path: Path):
    (tmp_path / "revoked.pdf").write_bytes(specimen)
    said = subprocess.run(
        ["pdfsig", "-nocert", tmp_path / "revoked.pdf"], capture_output=True, text=True, check=False
    ).stdout
    assert "Signature Validation: Signature is Valid." in said
