"""Status and revocation of signers' certificates over the API, judged by openssl at the running service."""

from __future__ import annotations

import base64
import io
import ssl
import subprocess
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.revocation.request import build_request
from tests.authority import judges
from tests.journeys.test_bad_input import error_of
from tests.support.live import LiveService
from tests.support.making import SUCCESS

CAS = ("ca-qes", "ca-aes", "ca-seal", "ca-tsa")


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Stage:
    service: LiveService
    folder: Path
    serial: str

    @property
    def signer(self) -> Path:
        return self.folder / "signer.pem"

    @property
    def url(self) -> str:
        return f"/v1/certificates/{self.serial}"

    def published(self, name: str) -> Path:
        """A certificate or a list of the authority's, as PEM."""
        path = self.folder / f"{name}.pem"
        content = httpx.get(f"{self.service.base_url}/pki/{name}").raise_for_status().content
        if name.endswith(".crt"):
            path.write_text(ssl.DER_cert_to_PEM_cert(content))
        else:
            assert judges.judge_crl(content) == []
            path.with_suffix(".der").write_bytes(content)
            path.write_text(run("openssl", "crl", "-inform", "DER", "-in", path.with_suffix(".der")).stdout)
        return path

    def ocsp(self, certificate: Path, *options: str) -> str:
        said = run(
            *("openssl", "ocsp", "-issuer", self.published("ca-qes.crt"), "-cert", certificate),
            *("-url", f"{self.service.base_url}/pki/ocsp", "-CAfile", self.published("root.crt"), *options),
        )
        assert "Response verify OK" in said.stderr, said
        return said.stdout

    def verify(self, *crls: str) -> subprocess.CompletedProcess[str]:
        lists = self.folder / "lists.pem"
        lists.write_text("".join(self.published(name).read_text() for name in crls))
        return run(
            *("openssl", "verify", "-crl_check_all", "-CRLfile", lists),
            *("-CAfile", self.published("root.crt"), "-untrusted", self.published("ca-qes.crt"), self.signer),
        )


@pytest.fixture(scope="module")
def stage(live_service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A signer's certificate, of which the evidence archive has the file."""
    folder = tmp_path_factory.mktemp("certificates")
    done = live_service.wait_for(live_service.request(SUCCESS)["id"])
    found = Stage(live_service, folder, done["signers"][0]["certificate"]["serial"])
    reader = PdfFileReader(io.BytesIO(live_service.download(done["id"])))
    signer = reader.embedded_regular_signatures[0].signer_cert.dump()
    found.signer.write_text(ssl.DER_cert_to_PEM_cert(signer))
    return found


def status_of(stage: Stage) -> dict[str, Any]:
    answer = stage.service.client.get(stage.url)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.tools
def test_every_ca_verifies_under_the_root_and_its_list(stage: Stage) -> None:
    root, lists = stage.published("root.crt"), stage.published("root.crl")
    for ca in CAS:
        said = run(
            *("openssl", "verify", "-crl_check_all", "-CRLfile", lists, "-CAfile", root),
            stage.published(f"{ca}.crt"),
        )
        assert said.stdout.strip().endswith(": OK"), said
        stage.published(f"{ca}.crl")


@pytest.mark.tools
def test_openssl_gets_unknown_for_what_was_never_issued(stage: Stage) -> None:
    serial = "0x5A6339206F26740E8B8E7EDD80B812C7ACC00F91"
    said = run(
        *("openssl", "ocsp", "-issuer", stage.published("ca-qes.crt"), "-serial", serial),
        *("-url", f"{stage.service.base_url}/pki/ocsp", "-CAfile", stage.published("root.crt")),
    )
    assert f"{serial}: unknown" in said.stdout, said


def test_an_answer_by_get_may_be_kept_for_a_minute(stage: Stage) -> None:
    issuer = ssl.PEM_cert_to_DER_cert(stage.published("ca-qes.crt").read_text())
    certificate = ssl.PEM_cert_to_DER_cert(stage.signer.read_text())
    question = build_request(certificate, issuer, nonce=None)
    encoded = base64.b64encode(question).decode().replace("/", "%2F").replace("+", "%2B")
    first, again = (httpx.get(f"{stage.service.base_url}/pki/ocsp/{encoded}") for _ in range(2))
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/ocsp-response"
    assert first.headers["cache-control"] == "max-age=60, public, no-transform, must-revalidate"
    begin, end = (parsedate_to_datetime(first.headers[name]) for name in ("last-modified", "expires"))
    assert (end - begin).total_seconds() == 24 * 3600
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    assert judges.judge_ocsp_response(first.content) == []


@pytest.mark.parametrize(
    "path", ["/pki/nobody/root.crt", "/pki/sandbox/root.crt", "/pki/ca-x.crt", "/pki/ca-x.crl"]
)
def test_there_is_nothing_at_other_addresses(stage: Stage, path: str) -> None:
    assert httpx.get(f"{stage.service.base_url}{path}").status_code == 404


@pytest.mark.tools
def test_a_certificate_is_revoked_for_good(stage: Stage) -> None:
    client = stage.service.client
    before = status_of(stage)
    assert (before["serial"], before["status"]) == (stage.serial, "good")
    assert "revoked_at" not in before
    plain = client.get(f"/v1/certificates/{stage.serial.replace(':', '').lower()}")
    assert plain.json() == before
    assert f"{stage.signer}: good" in stage.ocsp(stage.signer)
    assert stage.verify("root.crl", "ca-qes.crl").stdout.strip().endswith(": OK")

    error_of(
        client.post(f"{stage.url}/revoke", json={"reason": "certificate_hold"}), 422, "VALIDATION_FAILED"
    )
    assert status_of(stage) == before
    done = client.post(f"{stage.url}/revoke", json={"reason": "key_compromise"})
    assert done.status_code == 200, done.text
    after = done.json()
    assert (after["status"], after["reason"]) == ("revoked", "key_compromise")
    again = client.post(f"{stage.url}/revoke", json={"reason": "superseded"})
    assert (again.status_code, again.json()) == (200, after)
    assert status_of(stage) == after

    for nonce in ("-nonce", "-no_nonce"):
        said = stage.ocsp(stage.signer, nonce)
        assert f"{stage.signer}: revoked" in said
        assert "Reason: keyCompromise" in said
    judged = stage.verify("root.crl", "ca-qes.crl")
    assert judged.returncode != 0
    assert "certificate revoked" in judged.stderr


@pytest.mark.parametrize("serial", ["3A:F2:9C", "0", "zz", "x" * 300, "3A::F2", "0" * 100])
def test_what_is_no_certificate_of_ours_is_not_found(stage: Stage, serial: str) -> None:
    client = stage.service.client
    error_of(client.get(f"/v1/certificates/{serial}"), 404, "CERTIFICATE_NOT_FOUND")
    done = client.post(f"/v1/certificates/{serial}/revoke", json={"reason": "superseded"})
    error_of(done, 404, "CERTIFICATE_NOT_FOUND")


@pytest.mark.tools
def test_an_operator_looks_and_revokes(stage: Stage) -> None:
    said = stage.service.command("authority", "status")
    for role in ("root", *CAS, "ocsp-aes", "tsa-unit"):
        assert role in said
    assert "The root's key is in the vault; its CRL is good until" in said
    done = stage.service.wait_for(stage.service.request(SUCCESS)["id"])
    serial = done["signers"][0]["certificate"]["serial"]
    told = stage.service.command("authority", "revoke", serial, "--reason", "superseded")
    assert told.startswith(f"{serial} is revoked since ")
    found = stage.service.client.get(f"/v1/certificates/{serial}").json()
    assert (found["status"], found["reason"]) == ("revoked", "superseded")


def test_the_root_is_taken_away_and_brought_back(stage: Stage) -> None:
    """Beside the running service, which does not notice."""
    secret = {"QSIGNHUB_ROOT_PASSPHRASE": "correct horse battery staple"}
    operator = replace(stage.service, environment={**stage.service.environment, **secret})
    file = stage.folder / "root.p12"
    assert "no more in the vault" in operator.command("authority", "export-root", str(file))
    assert "The root's key is away" in operator.command("authority", "status")
    stage.service.wait_for(stage.service.request(SUCCESS)["id"])
    assert "in the vault again" in operator.command("authority", "import-root", str(file))
    assert "The root's key is in the vault" in operator.command("authority", "status")
