"""Live mode, whole: two QTSPs at once, reached as the operator's file says, and a service by HTTP."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.conftest import free_port
from tests.pdfs import one_page_pdf
from tests.sandbox_qtsp.box import Box
from tests.sandbox_qtsp.box import running as qtsp_running
from tests.support.live import LiveService, running
from tests.support.trust_file import Listed, write_trust_file


@dataclass(frozen=True, slots=True)
class World:
    alpha: Box
    beta: Box
    service: LiveService
    client: httpx.Client

    def request(self, *signers: dict[str, Any], **fields: Any) -> dict[str, Any]:
        document = self.client.post("/v1/documents", files={"file": ("a.pdf", one_page_pdf())}).json()
        answer = self.client.post(
            "/v1/signature-requests",
            json={"document_id": document["id"], "signers": list(signers), **fields},
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("live")
    with (
        qtsp_running(folder / "alpha", "ALPHA") as alpha,
        qtsp_running(folder / "beta", "BETA") as beta,
    ):
        trust = write_trust_file(
            folder / "trust", Listed("alpha", alpha, ["PL"]), Listed("beta", beta, ["DE"])
        )
        environment = {"QSIGNHUB_TRUST_FILE": str(trust)}
        with running(folder / "data", free_port(), environment=environment) as service:
            yield World(alpha, beta, service, service.client_of(service.new_key(mode="live")))


ANNA = {"name": "Anna Kowalska", "email": "anna@company.example", "identity_verification": {"country": "PL"}}
BERND = {"name": "Bernd Brot", "email": "bernd@company.example", "identity_verification": {"country": "DE"}}


def sign(link: str, **secrets: str) -> httpx.Response:
    return httpx.post(f"{link}/sign", data=secrets, timeout=30)


def wait_for(world: World, request_id: str, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (found := world.client.get(f"/v1/signature-requests/{request_id}").json())["status"] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return dict(found)


def test_two_signers_in_parallel_on_two_qtsps(world: World, tmp_path: Path) -> None:
    world.alpha.user(user_id=ANNA["email"], name=ANNA["name"], country="PL", pin="1111", otp="424242")
    world.beta.user(user_id=BERND["email"], name=BERND["name"], country="DE", pin="2222", key="RSA-3072")
    request = world.request(ANNA, BERND, signature_type="qes", signing_order="parallel")
    assert [signer["status"] for signer in request["signers"]] == ["pending_signature"] * 2
    anna, bernd = (signer["signing_url"] for signer in request["signers"])

    page = httpx.get(anna).text
    assert "<bdi>alpha</bdi>" in page
    assert 'id="pin"' in page
    assert 'id="otp"' in page
    page = httpx.get(bernd).text
    assert "<bdi>beta</bdi>" in page
    assert 'id="otp"' not in page

    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(
                lambda act: act(),
                [
                    lambda: sign(anna, pin="1111", otp="424242"),
                    lambda: sign(bernd, pin="2222"),
                ],
            )
        )
    assert [answer.status_code for answer in answers] == [303, 303]
    completed = wait_for(world, request["id"], "completed")
    for signer, country in zip(completed["signers"], ("ALPHA", "BETA"), strict=True):
        assert signer["certificate"]["qualified"] is True
        assert country in signer["certificate"]["tsp"].upper()
    signed = world.client.get(f"/v1/signature-requests/{request['id']}/download").content
    reader = PdfFileReader(io.BytesIO(signed))
    signatures = reader.embedded_regular_signatures
    assert len(signatures) == 2
    issuers = {str(one.signer_cert.issuer.native["organization_name"]) for one in signatures}
    assert len(issuers) == 2
