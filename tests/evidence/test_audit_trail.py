"""The proof of a completed request, by HTTP alone, opened with programs that we did not write."""

from __future__ import annotations

import hashlib
import io
import re
import ssl
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.support.live import LiveService
from tests.support.making import SUCCESS

NAMES = ("Łukasz Żółć", "../../etc/passwd <script>alert(1)</script> #eval(1) Ελένη ßäöü")
BROWSER = 'Mozilla/5.0 (a browser of "ours" <b>bold</b>)'


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Proof:
    service: LiveService
    request: dict[str, Any]
    signed: bytes
    archive: Path
    folder: Path

    @property
    def path(self) -> str:
        return f"/v1/signature-requests/{self.request['id']}/download"

    def names(self) -> list[str]:
        with zipfile.ZipFile(self.archive) as archive:
            return archive.namelist()


@pytest.fixture(scope="module")
def proof(live_service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """Two signers: a magic one, and one who comes with a browser."""
    signers = [
        {"name": NAMES[0], "email": SUCCESS},
        {"name": NAMES[1], "email": "person@company.example"},
    ]
    document = live_service.upload(name="Umowa «ąęść».pdf")
    body = {"document_id": document["id"], "signers": signers}
    created = live_service.client.post("/v1/signature-requests", json=body).json()
    url = created["signers"][1]["signing_url"]
    assert live_service.identify(url, "LOWSCORE01").status_code == 303
    assert live_service.identify(url).status_code == 303
    assert httpx.post(f"{url}/sign", headers={"User-Agent": BROWSER}).status_code == 303
    done = live_service.wait_for(created["id"])
    folder = tmp_path_factory.mktemp("proof")
    archive = folder / "proof.zip"
    answer = live_service.client.get(
        f"/v1/signature-requests/{created['id']}/download", params={"include": "audit_trail"}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{created["id"]}-audit-trail.zip"'
    archive.write_bytes(answer.content)
    run("unzip", "-q", archive, "-d", folder / "open")
    return Proof(live_service, done, live_service.download(created["id"]), archive, folder / "open")


@pytest.mark.tools
def test_unzip_finds_the_archive_sound(proof: Proof) -> None:
    assert "No errors detected" in run("unzip", "-t", proof.archive)


def test_everything_that_the_contract_names_is_there(proof: Proof) -> None:
    second = "02-etc-passwd-script-alert-1-script-eval-1"
    assert proof.names() == [
        "README.txt",
        "history.html",
        "history.pdf",
        "certificates/01-lukasz-zolc.pem",
        "identity/01-lukasz-zolc-document.png",
        "identity/01-lukasz-zolc-portrait.png",
        f"certificates/{second}.pem",
        f"identity/{second}-document.png",
        f"identity/{second}-portrait.png",
        "signed.pdf",
    ]


def test_the_signed_document_is_the_very_same(proof: Proof) -> None:
    assert (proof.folder / "signed.pdf").read_bytes() == proof.signed
    assert hashlib.sha256(proof.signed).hexdigest() in (proof.folder / "README.txt").read_text()


@pytest.mark.tools
def test_openssl_reads_the_certificates_that_are_in_the_document(proof: Proof) -> None:
    reader = PdfFileReader(io.BytesIO(proof.signed))
    in_document = {s.signer_cert.dump() for s in reader.embedded_regular_signatures}
    in_archive = set()
    for path in (proof.folder / "certificates").iterdir():
        chain = re.findall("-----BEGIN.*?END CERTIFICATE-----\n", path.read_text(), re.DOTALL)
        assert len(chain) == 3
        in_archive.add(ssl.PEM_cert_to_DER_cert(chain[0]))
        root, above = path.with_suffix(".root"), path.with_suffix(".above")
        root.write_text(chain[2])
        above.write_text(chain[1])
        assert run("openssl", "verify", "-CAfile", root, "-untrusted", above, path).strip().endswith(": OK")
        serial = run("openssl", "x509", "-noout", "-serial", "-in", path).strip().removeprefix("serial=")
        assert serial in {s["certificate"]["serial"].replace(":", "") for s in proof.request["signers"]}
    assert in_archive == in_document


def test_the_html_tells_what_is_on_record(proof: Proof) -> None:
    page: Any = html.document_fromstring((proof.folder / "history.html").read_bytes())
    text = page.text_content()
    squeezed = re.sub(r"\s+", "", text)
    for signer, name in zip(proof.request["signers"], NAMES, strict=True):
        assert name in text
        assert signer["email"] in text
        assert signer["certificate"]["serial"] in squeezed
        assert signer["timestamp"]["value"] in text
        assert signer["timestamp"]["hash"].removeprefix("sha256:") in squeezed
    assert hashlib.sha256(proof.signed).hexdigest() in squeezed
    assert "127.0.0.1" in text
    assert BROWSER in text
    assert "Umowa «ąęść».pdf" in text
    what = [cell.text for cell in page.xpath("//tbody/tr/td[3]/p")]
    assert what[:2] == ["Uploaded the document", "Requested signatures"]
    assert what.count("Agreed to sign") == 2
    assert what.count("Identity not verified") == 1
    assert what.count("Identity verified") == 2
    assert what[-1] == "Completed the request"
    moments = page.xpath("//tbody//time/@datetime")
    assert moments == sorted(moments)


def test_the_html_is_one_file_without_scripts(proof: Proof) -> None:
    page: Any = html.document_fromstring((proof.folder / "history.html").read_bytes())
    assert page.xpath("//script | //img | //link | //iframe | //form | //@href | //@src | //@onclick") == []
    assert page.get("lang") == "en"
    assert [caption.text[:11] for caption in page.xpath("//table/caption")] == ["All that is"]
    assert {heading.tag for heading in page.xpath("//h1 | //h2 | //h3 | //h4")} == {"h1", "h2", "h3", "h4"}
    assert "SANDBOX" in page.findtext(".//title")


@pytest.mark.tools
def test_the_audit_trail_is_a_pdf_under_a_signed_link(proof: Proof) -> None:
    url = proof.request["audit_trail_url"]
    assert httpx.URL(url).path == f"/audit/{proof.request['id']}.pdf"
    answer = httpx.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == (proof.folder / "history.pdf").read_bytes()
    text = run("pdftotext", "-raw", proof.folder / "history.pdf", "-")
    squeezed = re.sub(r"\s+", "", text)
    for signer, name in zip(proof.request["signers"], NAMES, strict=True):
        assert name.replace(" ", "") in squeezed
        assert signer["certificate"]["serial"] in squeezed
        assert signer["timestamp"]["hash"].removeprefix("sha256:") in squeezed
    assert hashlib.sha256(proof.signed).hexdigest() in squeezed
    pages = text.rstrip("\f").split("\f")
    assert all("SANDBOX" in page for page in pages)
    assert httpx.get(url).content == answer.content


def test_the_link_opens_one_file_only(proof: Proof) -> None:
    for forged in (
        proof.request["audit_trail_url"].replace("/audit/", "/docs/").replace(".pdf?", "/signed.pdf?"),
        proof.request["audit_trail_url"].replace(proof.request["id"], "sreq_" + "A" * 16),
    ):
        assert httpx.get(forged).status_code == 403


def test_the_pictures_are_specimens(proof: Proof) -> None:
    for path in (proof.folder / "identity").iterdir():
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert picture.size == ((856, 540) if path.stem.endswith("document") else (480, 600))


@pytest.fixture
def stored(live_service: LiveService) -> tuple[str, Path]:
    """A completed request, and the file in which its signed document is kept."""
    created = live_service.request(SUCCESS)
    live_service.wait_for(created["id"])
    folder = live_service.data_dir / "blobs" / "requests" / "test" / created["id"]
    [sealed] = folder.glob("*/sealed-*.pdf")
    return f"/v1/signature-requests/{created['id']}/download?include=audit_trail", sealed


def test_case_72_a_changed_signed_document_is_not_handed_out(
    live_service: LiveService, stored: tuple[str, Path]
) -> None:
    path, sealed = stored
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(httpx.RemoteProtocolError):
        live_service.client.get(path)


def test_a_signed_document_that_is_gone_is_told_before_anything_is_sent(
    live_service: LiveService, stored: tuple[str, Path]
) -> None:
    path, sealed = stored
    sealed.unlink()
    answer = live_service.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "BLOB_MISSING"


def test_before_completion_there_is_no_proof(live_service: LiveService) -> None:
    created = live_service.request("somebody@company.example")
    assert "audit_trail_url" not in created
    answer = live_service.client.get(
        f"/v1/signature-requests/{created['id']}/download", params={"include": "audit_trail"}
    )
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "SIGNATURE_REQUEST_NOT_COMPLETED"


@pytest.mark.parametrize("include", ["", "audit", "audit_trail,identity", "AUDIT_TRAIL"])
def test_another_value_of_include_is_refused(proof: Proof, include: str) -> None:
    answer = proof.service.client.get(proof.path, params={"include": include})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "include"


def test_case_29_another_account_finds_nothing(proof: Proof) -> None:
    other = proof.service.client_of(proof.service.new_key("somebody-else"))
    answer = other.get(proof.path, params={"include": "audit_trail"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "SIGNATURE_REQUEST_NOT_FOUND"
