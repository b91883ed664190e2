"""OpenSSL, which we did not write, judges answers and lists."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from qsignhub.foundation.clock import SystemClock
from qsignhub.revocation.crl import RevokedCertificate, build_crl
from qsignhub.revocation.model import CertificateStatus, Reason
from qsignhub.revocation.responder import OcspResponder
from tests.pki import DAY, TestPki

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("said", ["good", "revoked", "unknown"])
def test_openssl_asks_and_takes_the_answer(
    pki: TestPki, tmp_path: Path, digest: str, direct: bool, said: str
):
    by = pki.issuing if direct else pki.ocsp
    responder = OcspResponder(issuer=pki.issuing.der, certificate=by.der, sign=by.sign, clock=SystemClock())
    root = pki.root.write_pem(tmp_path / "root.pem")
    issuer = pki.issuing.write_pem(tmp_path / "issuer.pem")
    signer = pki.signer.write_pem(tmp_path / "signer.pem")
    request, response = tmp_path / "request.der", tmp_path / "response.der"
    asked = openssl("ocsp", digest, "-issuer", issuer, "-cert", signer, "-reqout", request)
    assert asked.returncode == 0, asked.stderr
    status = {
        "good": CertificateStatus.good(),
        "revoked": CertificateStatus.revoked(pki.now, Reason.KEY_COMPROMISE),
        "unknown": CertificateStatus.unknown(),
    }[said]
    response.write_bytes(responder.respond(request.read_bytes(), lambda serial: status))
    judged = openssl(
        *("ocsp", digest, "-issuer", issuer, "-cert", signer, "-reqin", request, "-respin", response),
        # without it, openssl would put another nonce into the request it compares with
        *("-no_nonce", "-CAfile", root, "-verify_other", issuer),
    )
    assert "Response verify OK" in judged.stderr + judged.stdout
    assert f"signer.pem: {said}" in judged.stdout
    if said == "revoked":
        assert "Reason: keyCompromise" in judged.stdout


def test_openssl_checks_a_chain_against_our_lists(pki: TestPki, tmp_path: Path):
    def crl(revoked: list[RevokedCertificate], by: str) -> bytes:
        key = {"root": pki.root, "issuing": pki.issuing}[by]
        return build_crl(
            issuer=key.der,
            sign=key.sign,
            revoked=revoked,
            number=1,
            this_update=pki.now,
            next_update=pki.now + DAY,
        )

    def verdict(revoked: list[RevokedCertificate]) -> str:
        lists = tmp_path / "lists.pem"
        lists.write_bytes(b"")
        for der in (crl([], "root"), crl(revoked, "issuing")):
            (tmp_path / "list.der").write_bytes(der)
            shown = openssl("crl", "-inform", "DER", "-in", tmp_path / "list.der")
            lists.write_text(lists.read_text() + shown.stdout)
        return openssl(
            *("verify", "-crl_check_all", "-CRLfile", lists),
            *("-CAfile", pki.root.write_pem(tmp_path / "root.pem")),
            *("-untrusted", pki.issuing.write_pem(tmp_path / "issuer.pem")),
            pki.signer.write_pem(tmp_path / "signer.pem"),
        ).stderr

    assert verdict([]) == ""
    assert "certificate revoked" in verdict([RevokedCertificate(pki.signer.serial, pki.now)])
