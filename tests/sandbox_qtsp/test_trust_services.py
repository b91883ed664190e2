"""CA, OCSP, CRL, TSA and trusted list, judged by openssl and by the house's own verifiers."""

from __future__ import annotations

import base64
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.foundation.errors import Invalid
from qsignhub.revocation.request import build_request, fresh_nonce
from qsignhub.sandbox_qtsp.credentials import KEY_KINDS, Wanted
from qsignhub.sandbox_qtsp.qtsp import open_qtsp
from qsignhub.trustlists.qualification import TrustedLists
from qsignhub.trustlists.reader import read_trusted_list
from tests.authority import judges
from tests.conftest import free_port
from tests.sandbox_qtsp.box import DIGEST, Box, running, verify


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    return done.stdout + done.stderr


def fetched(box: Box, name: str, folder: Path) -> Path:
    """A certificate or CRL, as PEM."""
    answer = box.http.get(f"{box.url}/{name}")
    assert answer.status_code == 200
    file = folder / f"{name}.pem"
    if name.endswith(".crl"):
        file.write_bytes(x509.load_der_x509_crl(answer.content).public_bytes(Encoding.PEM))
    else:
        file.write_bytes(x509.load_der_x509_certificate(answer.content).public_bytes(Encoding.PEM))
    return file


def signer_file(box: Box, credential: str, folder: Path) -> Path:
    file = folder / f"{credential}.pem"
    file.write_bytes(box.certificate(credential, box.service_token()).public_bytes(Encoding.PEM))
    return file


def chain_of(box: Box, credential: str) -> list[bytes]:
    content = {"credentialID": credential, "certificates": "chain"}
    answer = box.post("credentials/info", content, box.service_token()).json()
    return [base64.b64decode(one) for one in answer["cert"]["certificates"]]


@pytest.mark.tools
@pytest.mark.parametrize(
    ("qualified", "seal", "ca"),
    [(True, False, "ca-qes"), (False, False, "ca-aes"), (False, True, "ca-seal")],
)
def test_openssl_verify_with_crls(box: Box, tmp_path: Path, qualified: bool, seal: bool, ca: str) -> None:
    credential = box.user(qualified=qualified, seal=seal)
    signer = signer_file(box, credential, tmp_path)

    def verdict() -> str:
        crls = [fetched(box, f"{name}.crl", tmp_path) for name in ("root", ca)]
        return openssl(
            *("verify", "-crl_check_all", "-x509_strict"),
            *("-CAfile", fetched(box, "root.crt", tmp_path)),
            *("-untrusted", fetched(box, f"{ca}.crt", tmp_path)),
            *(one for crl in crls for one in ("-CRLfile", crl)),
            signer,
        )

    assert verdict().endswith(": OK\n"), verdict()
    box.http.post(f"{box.url}/sandbox/credentials/{credential}/revoke")
    assert "certificate revoked" in verdict()
    info = box.post("credentials/info", {"credentialID": credential}, box.service_token()).json()
    assert info["cert"]["status"] == "revoked"


@pytest.mark.tools
def test_openssl_ocsp(box: Box, tmp_path: Path) -> None:
    credential = box.user()
    signer = signer_file(box, credential, tmp_path)

    def verdict() -> str:
        return openssl(
            *("ocsp", "-url", f"{box.url}/ocsp", "-issuer", fetched(box, "ca-qes.crt", tmp_path)),
            *("-cert", signer, "-CAfile", fetched(box, "root.crt", tmp_path)),
        )

    assert "Response verify OK" in verdict()
    assert f"{signer}: good" in verdict()
    box.fail("ocsp", "revoked", times=1)
    assert f"{signer}: revoked" in verdict()
    box.fail("ocsp", "unknown", times=1)
    assert f"{signer}: unknown" in verdict()
    box.fail("ocsp", "wrong_nonce", times=1)
    assert "Nonce Verify error" in verdict()
    box.fail("ocsp", "wrong_serial", times=1)
    assert "No Status found" in verdict()
    box.fail("ocsp", "wrong_key", times=1)
    assert "Response Verify Failure" in verdict()
    box.fail("ocsp", "expired", times=1)
    assert "Status times invalid" in verdict()
    assert f"{signer}: good" in verdict()
    box.http.post(f"{box.url}/sandbox/credentials/{credential}/revoke")
    assert f"{signer}: revoked" in verdict()
    request = tmp_path / "request.der"
    openssl(
        *("ocsp", "-issuer", fetched(box, "ca-aes.crt", tmp_path), "-cert", signer, "-no_nonce"),
        *("-reqout", request),
    )
    encoded = base64.b64encode(request.read_bytes()).decode().replace("/", "%2F").replace("+", "%2B")
    answer = tmp_path / "answer.der"
    answer.write_bytes(box.http.get(f"{box.url}/ocsp/{encoded}").content)
    text = openssl("ocsp", "-respin", answer, "-text", "-noverify")
    assert "Cert Status: unknown" in text  # the CA that is asked about never issued it


@pytest.mark.tools
def test_openssl_ts(box: Box, tmp_path: Path) -> None:
    question, answer = tmp_path / "q.tsq", tmp_path / "a.tsr"
    data = tmp_path / "data"
    data.write_bytes(b"a document")

    def verdict(nonce: bool = True) -> str:
        openssl(
            *("ts", "-query", "-data", data, "-sha256", "-cert", "-out", question),
            *(() if nonce else ("-no_nonce",)),
        )
        headers = {"Content-Type": "application/timestamp-query"}
        got = box.http.post(f"{box.url}/tsa", content=question.read_bytes(), headers=headers)
        answer.write_bytes(got.content)
        return openssl(
            *("ts", "-verify", "-queryfile", question, "-in", answer),
            *("-CAfile", fetched(box, "root.crt", tmp_path)),
            *("-untrusted", fetched(box, "ca-tsa.crt", tmp_path)),
        )

    assert "Verification: OK" in verdict()
    assert "Verification: OK" in verdict(nonce=False)
    for kind, said in [
        ("wrong_nonce", "nonce mismatch"),
        ("wrong_imprint", "message imprint mismatch"),
        ("wrong_key", "signature failure"),
        ("rejection", "not granted|there is no token|status code"),
    ]:
        box.fail("tsa", kind, times=1)
        found = verdict()
        assert "FAILED" in found
        assert re.search(said, found), (kind, found)
    box.fail("tsa", "wrong_time", times=1)
    verdict()
    stamp = re.search("Time stamp: (.*) GMT", openssl("ts", "-reply", "-in", answer, "-text"))
    assert stamp
    stated = datetime.strptime(re.sub(r"\.\d+", "", stamp[1]), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    assert abs((stated - datetime.now(UTC)).days) >= 2
    assert "Verification: OK" in verdict()


def test_the_list_says_that_its_signers_are_qualified(box: Box) -> None:
    """The whole live determination: what a configuration names, fetched, read, asked."""
    found = tomllib.loads(box.http.get(f"{box.url}/sandbox/configuration").text)
    signer = box.http.get(f"{box.url}/tl-signer.crt").content
    xml = box.http.get(found["trusted_list"][0]["url"]).content
    lists = TrustedLists([read_trusted_list(xml, [signer], datetime.now(UTC))])
    leaf, *chain = chain_of(box, box.user())
    answer = lists.qualified(leaf, chain, datetime.now(UTC))
    assert (answer.qualified, answer.for_esig, answer.qscd) == (True, True, True), answer.reason
    leaf, *chain = chain_of(box, box.user(qualified=False))
    assert not lists.qualified(leaf, chain, datetime.now(UTC)).qualified


def test_a_restart_keeps_the_ca_the_users_and_what_is_revoked(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port=port) as box:
        root = box.http.get(f"{box.url}/root.crt").content
        issuing = box.http.get(f"{box.url}/ca-qes.crt").content
        users = box.http.get(f"{box.url}/sandbox/users").json()
        credential = users["users"][0]["credential_id"]
        box.http.post(f"{box.url}/sandbox/credentials/{credential}/revoke")
    with running(tmp_path, port=port) as box:
        assert box.http.get(f"{box.url}/root.crt").content == root
        assert box.http.get(f"{box.url}/ca-qes.crt").content == issuing
        assert box.http.get(f"{box.url}/sandbox/users").json() == users
        info = box.post("credentials/info", {"credentialID": credential}, box.service_token()).json()
        assert info["cert"]["status"] == "revoked"
    with running(tmp_path) as box:  # on another port: the same root and the same keys
        assert box.http.get(f"{box.url}/root.crt").content == root
        moved = x509.load_der_x509_certificate(box.http.get(f"{box.url}/ca-qes.crt").content)
        assert moved.public_key() == x509.load_der_x509_certificate(issuing).public_key()


def test_only_the_owner_reads_the_folder(box: Box, tmp_path: Path) -> None:
    with running(tmp_path / "qtsp"):
        modes = {file: file.stat().st_mode & 0o077 for file in (tmp_path / "qtsp").rglob("*")}
    assert modes
    assert not [file for file, mode in modes.items() if file.is_file() and mode]


def test_two_side_by_side(tmp_path: Path) -> None:
    with running(tmp_path / "a", "ALPHA") as alpha, running(tmp_path / "b", "BETA") as beta:
        for box in (alpha, beta):
            token, credential = box.service_token(), box.user()
            sad = box.authorize(credential, token, DIGEST).json()["SAD"]
            verify(box.certificate(credential, token), box.sign(credential, token, sad, DIGEST), DIGEST)
        names = [
            x509.load_der_x509_certificate(box.http.get(f"{box.url}/root.crt").content).subject
            for box in (alpha, beta)
        ]
        assert names[0] != names[1]
        assert alpha.qtsp.client_secret != beta.qtsp.client_secret
        stranger = beta.post("credentials/list", {"userID": "u@example.com"}, alpha.service_token())
        assert stranger.status_code == 401


def test_a_folder_is_of_one_qtsp(tmp_path: Path) -> None:
    open_qtsp(tmp_path, "ALPHA", "http://127.0.0.1:1")
    with pytest.raises(Invalid, match="ALPHA"):
        open_qtsp(tmp_path, "BETA", "http://127.0.0.1:1")


def test_what_is_too_large_or_no_request(box: Box) -> None:
    assert box.http.post(f"{box.url}/tsa", content=b"x" * 20_000).status_code == 413
    assert box.http.post(f"{box.url}/ocsp", content=b"x" * 20_000).status_code == 413
    assert box.http.post(f"{box.url}/ocsp", content=b"x").content == b"\x30\x03\x0a\x01\x01"
    assert box.http.get(f"{box.url}/ocsp/!!!").content == b"\x30\x03\x0a\x01\x01"
    assert box.http.get(f"{box.url}/other.crl").status_code == 404


@pytest.mark.parametrize(("qualified", "kind"), [(True, judges.QES), (False, judges.NATURAL)])
def test_pkilint_finds_nothing_in_signers_certificates(tmp_path: Path, qualified: bool, kind: str) -> None:
    """Of a QTSP with a public name: on loopback it minds that certificates name loopback."""
    qtsp = open_qtsp(tmp_path, "ALPHA", "http://qtsp.example.com")
    for key in KEY_KINDS:
        wanted = Wanted("a@example.com", "Ana Novak", "SI", "1234", key=key, qualified=qualified)
        assert judges.judge_certificate(kind, qtsp.credentials.add(wanted).certificate) == []


def test_pkilint_finds_nothing_in_what_the_services_answer(box: Box) -> None:
    leaf, issuer, _ = chain_of(box, box.user())
    question = build_request(leaf, issuer, nonce=fresh_nonce())
    assert judges.judge_ocsp_response(box.http.post(f"{box.url}/ocsp", content=question).content) == []
    for role in ("root", "ca-qes"):
        assert judges.judge_crl(box.http.get(f"{box.url}/{role}.crl").content) == []
    for role in ("root", "ca-qes", "ca-tsa", "tl-signer"):
        found = box.http.get(f"{box.url}/{role}.crt").content
        assert judges.judge_certificate(judges.PKIX, found) == [], role
