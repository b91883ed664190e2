"""What we signed, judged by programs that we did not write: Poppler, OpenSSL, pyHanko's command line."""

from __future__ import annotations

import io
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.support.live import LiveService
from tests.support.making import SUCCESS

pytestmark = pytest.mark.tools


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Evidence:
    """A signed file taken apart into files that openssl reads."""

    service: LiveService
    folder: Path
    signed: Path
    root: Path
    issuing: Path

    def certificate(self, index: int) -> Path:
        return self.folder / f"signer-{index}.pem"


@pytest.fixture(scope="module")
def evidence(live_service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("evidence")
    created = live_service.request(SUCCESS, SUCCESS)
    live_service.wait_for(created["id"])
    content = live_service.download(created["id"])
    found = Evidence(live_service, folder, folder / "signed.pdf", folder / "root.pem", folder / "issuing.pem")
    found.signed.write_bytes(content)
    for path, name in ((found.root, "root"), (found.issuing, "ca-qes")):
        der = httpx.get(f"{live_service.base_url}/pki/{name}.crt").content
        path.write_text(ssl.DER_cert_to_PEM_cert(der))
    reader = PdfFileReader(io.BytesIO(content))
    for index, signature in enumerate(reader.embedded_regular_signatures):
        found.certificate(index).write_text(ssl.DER_cert_to_PEM_cert(signature.signer_cert.dump()))
        (folder / f"value-{index}").write_bytes(signature.signer_info["signature"].native)
        for attribute in signature.signer_info["unsigned_attrs"]:
            if attribute["type"].native == "signature_time_stamp_token":
                (folder / f"token-{index}.der").write_bytes(attribute["values"][0].dump())
    stamp = reader.embedded_timestamp_signatures[0]
    (folder / "document-token.der").write_bytes(
        cms.ContentInfo({"content_type": "signed_data", "content": stamp.signed_data}).dump()
    )
    covered = stamp.byte_range
    (folder / "document-covered").write_bytes(
        content[covered[0] : covered[0] + covered[1]] + content[covered[2] : covered[2] + covered[3]]
    )
    return found


def test_pdfsig_says_that_every_signature_is_valid(evidence: Evidence) -> None:
    said = run("pdfsig", "-nocert", evidence.signed).stdout
    assert said.count("Signature Validation: Signature is Valid.") == 2
    assert said.count("Signature Type: ETSI.CAdES.detached") == 2


def test_pyhanko_trusts_both_and_finds_no_disallowed_change(evidence: Evidence) -> None:
    pyhanko = Path(sys.executable).with_name("pyhanko")
    judged = run(
        *(pyhanko, "sign", "validate", "--trust-replace", "--trust", evidence.root, "--pretty-print"),
        evidence.signed,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert judged.stdout.count("The signer's certificate is trusted.") == 2
    assert judged.stdout.count("The TSA certificate is trusted.") == 2
    assert judged.stdout.count("The signature is judged VALID.") == 2
    assert "incompatible" not in judged.stdout


@pytest.mark.parametrize("index", [0, 1])
def test_openssl_takes_the_signature_timestamps(evidence: Evidence, index: int) -> None:
    folder = evidence.folder
    said = run(
        *("openssl", "ts", "-verify", "-token_in", "-in", folder / f"token-{index}.der"),
        *("-data", folder / f"value-{index}", "-CAfile", evidence.root, "-untrusted", evidence.issuing),
    )
    assert "Verification: OK" in said.stdout + said.stderr, said


def test_openssl_takes_the_document_timestamp(evidence: Evidence) -> None:
    folder = evidence.folder
    said = run(
        *("openssl", "ts", "-verify", "-token_in", "-in", folder / "document-token.der"),
        *("-data", folder / "document-covered", "-CAfile", evidence.root, "-untrusted", evidence.issuing),
    )
    assert "Verification: OK" in said.stdout + said.stderr, said


def test_openssl_verifies_the_chain_with_all_lists(evidence: Evidence) -> None:
    crls = evidence.folder / "crls.pem"
    text = ""
    for name in ("root", "ca-qes"):
        der = evidence.folder / f"{name}.crl"
        der.write_bytes(httpx.get(f"{evidence.service.base_url}/pki/{name}.crl").content)
        text += run("openssl", "crl", "-inform", "DER", "-in", der).stdout
    crls.write_text(text)
    said = run(
        *("openssl", "verify", "-crl_check_all", "-CRLfile", crls, "-CAfile", evidence.root),
        *("-untrusted", evidence.issuing, evidence.certificate(0)),
    )
    assert said.stdout.strip().endswith(": OK"), said


def test_openssl_asks_our_responder_and_gets_good(evidence: Evidence) -> None:
    url = run("openssl", "x509", "-noout", "-ocsp_uri", "-in", evidence.certificate(0)).stdout.strip()
    assert url == f"{evidence.service.base_url}/pki/ocsp"
    said = run(
        *("openssl", "ocsp", "-issuer", evidence.issuing, "-cert", evidence.certificate(0)),
        *("-url", url, "-CAfile", evidence.root, "-nonce"),
    )
    assert f"{evidence.certificate(0)}: good" in said.stdout, said
    assert "Response verify OK" in said.stderr


def test_openssl_gets_a_timestamp_over_http(evidence: Evidence) -> None:
    folder = evidence.folder
    query, reply, data = folder / "q.tsq", folder / "r.tsr", folder / "value-0"
    run("openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    answer = httpx.post(f"{evidence.service.base_url}/pki/tsa", content=query.read_bytes())
    assert answer.headers["content-type"] == "application/timestamp-reply"
    reply.write_bytes(answer.content)
    said = run(
        *("openssl", "ts", "-verify", "-queryfile", query, "-in", reply),
        *("-CAfile", evidence.root, "-untrusted", evidence.issuing),
    )
    assert "Verification: OK" in said.stdout + said.stderr, said
