"""The contract's main path, by HTTP alone."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread

import httpx
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from tests.pdfs import one_page_pdf, pages_pdf
from tests.support.live import LiveService
from tests.support.making import FAIL, SUCCESS, TIMEOUT

PERSON = "anna.kowalska@example.com"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def imprint_of(signature: EmbeddedPdfSignature) -> bytes:
    """What the signature timestamp in the file was made over."""
    for attribute in signature.signer_info["unsigned_attrs"]:
        if attribute["type"].native == "signature_time_stamp_token":
            token = attribute["values"][0]["content"]
            info = token["encap_content_info"]["content"].parsed
            return bytes(info["message_imprint"]["hashed_message"].native)
    raise AssertionError("no signature timestamp")


def test_an_upload_tells_what_was_stored(live_service: LiveService) -> None:
    pdf = pages_pdf(3)
    answer = live_service.client.post(
        "/v1/documents",
        files={"file": ("agreement.pdf", pdf, "application/pdf")},
        data={"name": "Q1 2025 Service Agreement", "locale": "en-GB"},
    )
    assert answer.status_code == 201
    document = answer.json()
    assert re.fullmatch(r"doc_[0-9A-Za-z]{16}", document["id"])
    assert document["name"] == "Q1 2025 Service Agreement"
    assert document["mime_type"] == "application/pdf"
    assert document["size_bytes"] == len(pdf)
    assert document["pages"] == 3
    assert document["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert MOMENT.fullmatch(document["created_at"])
    assert MOMENT.fullmatch(document["expires_at"])
    preview = httpx.get(document["preview_url"])
    assert preview.headers["content-type"] == "image/png"
    assert preview.content.startswith(b"\x89PNG")


def test_a_preview_link_opens_one_file_only(live_service: LiveService) -> None:
    mine, other = live_service.upload(), live_service.upload()
    forged = mine["preview_url"].replace(mine["id"], other["id"])
    answer = httpx.get(forged)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "FILE_LINK_INVALID"


@pytest.mark.parametrize("order", ["parallel", "sequential"])
def test_two_magic_signers_complete_by_themselves(live_service: LiveService, order: str) -> None:
    created = live_service.request(SUCCESS, SUCCESS, signing_order=order, metadata={"deal": 7})
    assert re.fullmatch(r"sreq_[0-9A-Za-z]{16}", created["id"])
    assert created["status"] == "pending"
    assert [signer["status"] for signer in created["signers"]] == ["pending_verification"] * 2

    done = live_service.wait_for(created["id"])
    assert [signer["status"] for signer in done["signers"]] == ["signed", "signed"]
    assert MOMENT.fullmatch(done["completed_at"])
    signed = live_service.download(created["id"])
    assert httpx.get(done["signed_document_url"]).content == signed

    embedded = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures
    in_file = {f"{e.signer_cert.serial_number:X}".zfill(40) for e in embedded}
    in_answer = {s["certificate"]["serial"].replace(":", "").zfill(40) for s in done["signers"]}
    assert in_file == in_answer
    imprints = {"sha256:" + imprint_of(signature).hex() for signature in embedded}
    assert imprints == {signer["timestamp"]["hash"] for signer in done["signers"]}
    for signer in done["signers"]:
        assert signer["certificate"]["qualified"] is False

    verdict = live_service.validate(signed)
    assert verdict["valid"] is True
    assert len(verdict["signatures"]) == 2
    for signature in verdict["signatures"]:
        assert signature["document_integrity"] is True
        assert signature["timestamp_valid"] is True
        assert signature["ocsp_status"] == "good"
        assert signature["trusted_list"] == "SANDBOX"
        assert signature["signature_level"] != "QES"


def test_a_person_signs_by_the_page(live_service: LiveService) -> None:
    created = live_service.request(PERSON)
    url = created["signers"][0]["signing_url"]
    token = url.rsplit("/", 1)[1]
    assert len(token) >= 22  # 128 bits of base62
    assert created["signers"][0]["id"].removeprefix("sgn_") not in url
    page = httpx.get(url)
    assert page.status_code == 200
    assert "SANDBOX" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert live_service.sign(url).status_code == 409  # identity comes first
    assert live_service.identify(url).status_code == 303
    assert live_service.sign(url).status_code == 303
    live_service.wait_for(created["id"])
    assert live_service.sign(url).status_code == 410


@pytest.mark.parametrize("name", ["Константин Константинопольский", "王" * 100, "Zażółć Gęślą-Jaźń"])
def test_every_name_can_sign(live_service: LiveService, name: str) -> None:
    body = {"document_id": live_service.upload()["id"], "signers": [{"name": name, "email": SUCCESS}]}
    created = live_service.client.post("/v1/signature-requests", json=body).json()
    live_service.wait_for(created["id"])
    assert live_service.validate(live_service.download(created["id"]))["valid"] is True


def test_a_failed_identity_check_signs_nothing(live_service: LiveService) -> None:
    created = live_service.request(FAIL)
    signer = live_service.wait_for_signer(created["id"], 0, "verification_failed")
    assert signer["failure"]["code"] == "IDENTITY_VERIFICATION_FAILED"
    answer = live_service.client.get(f"/v1/signature-requests/{created['id']}/download")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "SIGNATURE_REQUEST_NOT_COMPLETED"


@pytest.mark.parametrize("number", ["FAIL000001", "LOWSCORE01"])
def test_the_failing_test_documents_fail(live_service: LiveService, number: str) -> None:
    created = live_service.request(PERSON)
    live_service.identify(created["signers"][0]["signing_url"], number)
    live_service.wait_for_signer(created["id"], 0, "verification_failed")


def test_the_revoked_test_document_publishes_nothing(live_service: LiveService) -> None:
    created = live_service.request(PERSON)
    url = created["signers"][0]["signing_url"]
    live_service.identify(url, "REVOKED001")
    live_service.sign(url)
    signer = live_service.wait_for_signer(created["id"], 0, "failed")
    assert signer["failure"]["code"] == "CERTIFICATE_REVOKED"
    assert live_service.get(created["id"])["status"] == "pending"


def test_the_timeout_signer_does_nothing_and_holds_up_the_rest(live_service: LiveService) -> None:
    created = live_service.request(SUCCESS, TIMEOUT)
    live_service.wait_for(created["id"], "in_progress")
    assert live_service.get(created["id"])["signers"][1]["status"] == "pending_verification"


def test_case_39_out_of_turn_in_sequence(live_service: LiveService) -> None:
    created = live_service.request(TIMEOUT, PERSON, signing_order="sequential")
    answer = live_service.identify(created["signers"][1]["signing_url"])
    assert answer.status_code == 409


def test_case_40_double_submit_is_one_signature(live_service: LiveService) -> None:
    created = live_service.request(PERSON)
    url = created["signers"][0]["signing_url"]
    live_service.identify(url)
    with ThreadPoolExecutor(8) as pool:
        codes = {answer.status_code for answer in pool.map(lambda _: live_service.sign(url), range(8))}
    assert codes <= {303, 410}
    live_service.wait_for(created["id"])
    reader = PdfFileReader(io.BytesIO(live_service.download(created["id"])))
    assert len(reader.embedded_regular_signatures) == 1


def test_case_41_twenty_requests_with_two_parallel_signers_each(live_service: LiveService) -> None:
    with ThreadPoolExecutor(20) as pool:
        created = list(pool.map(lambda _: live_service.request(SUCCESS, SUCCESS), range(20)))
    done = [live_service.wait_for(request["id"]) for request in created]
    for request in done:
        verdict = live_service.validate(live_service.download(request["id"]))
        assert verdict["valid"] is True
        assert len(verdict["signatures"]) == 2


def test_a_changed_byte_is_found_and_explained(live_service: LiveService) -> None:
    created = live_service.request(SUCCESS)
    live_service.wait_for(created["id"])
    signed = bytearray(live_service.download(created["id"]))
    signed[len(one_page_pdf()) // 2] ^= 0x01
    verdict = live_service.validate(bytes(signed))
    assert verdict["valid"] is False
    assert verdict["reasons"]


def test_webhooks_are_genuine_and_tell_what_happened(live_service: LiveService) -> None:
    received: Queue[tuple[bytes, str]] = Queue()
    refused_first = iter([503])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = next(refused_first, 200)  # the first delivery fails and must come again
            if status == 200:
                received.put((body, self.headers["X-QSignHub-Signature"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        key = live_service.new_key("hooked")
        secret = live_service.command("webhooks", "add", "--url", url, "--account", "hooked")
        mine = live_service.client_of(key)
        document = mine.post("/v1/documents", files={"file": ("a.pdf", one_page_pdf())}).json()
        body = {"document_id": document["id"], "signers": [{"name": "Sam", "email": SUCCESS}]}
        created = mine.post("/v1/signature-requests", json=body | {"metadata": {"id": "CNT-7"}}).json()
        told = {}
        while "signature_request.completed" not in told or "signer.signed" not in told:
            content, signature = received.get(timeout=60)
            expected = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
            assert signature == f"sha256={expected}"
            event = json.loads(content)
            told[event["type"]] = event
        completed = told["signature_request.completed"]
        assert re.fullmatch(r"evt_[0-9A-Za-z]{16}", completed["id"])
        summary = completed["data"]["signature_request"]
        assert summary["id"] == created["id"]
        assert summary["status"] == "completed"
        assert summary["metadata"] == {"id": "CNT-7"}
        assert httpx.get(summary["signed_document_url"]).content.startswith(b"%PDF-")
    finally:
        server.shutdown()
        server.server_close()
