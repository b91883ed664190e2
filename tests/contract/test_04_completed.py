"""Sections 04 and 05 after completion: what the answer says is what the signed PDF holds."""

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

import pytest
import pytest_asyncio
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.contract import printed
from tests.contract.agreement import service_agreement
from tests.contract.signed_pdf import EmbeddedSignature, signatures_of
from tests.contract.world import TIMESTAMPED, World
from tests.support.making import TIMEOUT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.tools]
QC_STATEMENTS = "1.3.6.1.5.5.7.1.3"


@dataclass(frozen=True)
class Completed:
    """The printed request once it is completed; its signers with the signatures of theirs."""

    shown: dict[str, Any]
    pdf: bytes

    @property
    def signers(self) -> list[tuple[dict[str, Any], EmbeddedSignature]]:
        signatures = signatures_of(self.pdf)
        found = []
        for signer in self.shown["signers"]:
            (its,) = (each for each in signatures if each.field == f"Signature-{signer['id']}")
            found.append((signer, its))
        assert len(found) == len(signatures) == 2
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def completed(world: World) -> Completed:
    request_id = (await world.signed_request())["id"]
    answer = await world.client.get(f"/v1/signature-requests/{request_id}/download")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    return Completed(await world.get(f"/v1/signature-requests/{request_id}"), answer.content)


async def test_a_completed_request_is_shown_as_printed(completed: Completed) -> None:
    expected = printed.example("04-get-response.json")
    assert printed.deviations(expected, completed.shown) == []
    for name in ("status", "signature_type", "completed_at"):
        assert completed.shown[name] == expected[name]
    signer = completed.shown["signers"][0]
    assert (signer["name"], signer["status"]) == ("Anna Kowalska", "signed")
    assert signer["timestamp"]["value"] == expected["signers"][0]["timestamp"]["value"]


async def test_what_is_shown_of_certificates_is_in_the_pdf(completed: Completed) -> None:
    for signer, signature in completed.signers:
        shown = signer["certificate"]
        told = signature.printed_by_openssl("-serial", "-startdate", "-enddate", "-issuer")
        assert shown["serial"].replace(":", "") == told["serial"]
        assert shown["valid_from"] == told["notBefore"][:10]
        assert shown["valid_to"] == told["notAfter"][:10]
        assert shown["issuer"] == shown["tsp"] == told["organizationName"]


async def test_nothing_of_the_sandbox_is_qualified(completed: Completed) -> None:
    for signer, signature in completed.signers:
        extensions = {
            each["extn_id"].dotted for each in signature.certificate["tbs_certificate"]["extensions"]
        }
        # its profile is that of a qualified certificate, its name says that it is none, and so do the lists
        assert QC_STATEMENTS in extensions
        assert signature.certificate.subject.native["common_name"].startswith("SANDBOX ")
        assert signer["certificate"]["qualified"] is False


async def test_what_is_shown_of_timestamps_is_in_the_pdf(completed: Completed) -> None:
    for signer, signature in completed.signers:
        shown = signer["timestamp"]
        whole_imprint = hashlib.sha256(signature.value).digest()
        assert signature.timestamp["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
        assert signature.imprint == whole_imprint
        assert shown["hash"] == f"sha256:{whole_imprint.hex()}"
        assert shown["value"] == signature.gen_time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        assert shown["authority"] == signature.authority.subject.native["common_name"]
        assert signature.gen_time == TIMESTAMPED


async def test_the_moments_are_in_order(completed: Completed) -> None:
    shown = completed.shown
    for signer, signature in completed.signers:
        assert signer["signed_at"] == signature.gen_time.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert shown["created_at"] < signer["signed_at"] <= shown["completed_at"] < shown["expires_at"]


async def test_the_signed_pdf_is_the_uploaded_one_and_more(world: World, completed: Completed) -> None:
    assert completed.pdf.startswith(service_agreement())
    reader = PdfFileReader(io.BytesIO(completed.pdf))
    assert reader.root["/Pages"]["/Count"] == 4
    assert len(reader.embedded_timestamp_signatures) == 1
    assert {"/Certs", "/OCSPs", "/CRLs"} <= reader.root["/DSS"].keys()


async def test_the_signature_is_shown_where_the_print_puts_it(completed: Completed) -> None:
    (place,) = printed.example("04-create-request.json")["fields"]
    anna = completed.shown["signers"][0]
    page = PdfFileReader(io.BytesIO(completed.pdf)).root["/Pages"]["/Kids"][place["page"] - 1]
    (widget,) = (
        annotation.get_object()
        for annotation in page["/Annots"]
        if annotation.get_object()["/T"] == f"Signature-{anna['id']}"
    )
    corners = [place["x"], place["y"], place["x"] + place["width"], place["y"] + place["height"]]
    assert [float(number) for number in widget["/Rect"]] == pytest.approx(corners)


async def test_pdfsig_finds_both_signatures_valid(completed: Completed, tmp_path: Path) -> None:
    file = tmp_path / "signed.pdf"
    file.write_bytes(completed.pdf)
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
    assert said.count("Signature Validation: Signature is Valid.") == 2


async def test_the_links_lead_to_the_document_and_its_history(world: World, completed: Completed) -> None:
    anonymous = {"X-API-Key": ""}
    document = await world.client.get(completed.shown["signed_document_url"], headers=anonymous)
    assert (document.status_code, document.content == completed.pdf) == (200, True)
    history = await world.client.get(completed.shown["audit_trail_url"], headers=anonymous)
    assert (history.status_code, history.headers["content-type"]) == (200, "application/pdf")
    assert history.content.startswith(b"%PDF-")


async def test_the_archive_has_all_that_the_contract_names(world: World, completed: Completed) -> None:
    path = f"/v1/signature-requests/{completed.shown['id']}/download"
    answer = await world.client.get(path, params={"include": "audit_trail"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    (pdf,) = (name for name in files if name.startswith("signed") and name.endswith(".pdf"))
    assert files[pdf] == completed.pdf
    history = files["history.html"].decode()
    for signer, signature in completed.signers:
        assert signer["name"] in history
        assert signer["certificate"]["serial"] in history
        assert signature.pem in {
            block + ssl.PEM_FOOTER + "\n"
            for name, content in files.items()
            if name.startswith("certificates/")
            for block in re.split(f"{ssl.PEM_FOOTER}\n", content.decode())
        }
    pictures = [content for name, content in files.items() if name.startswith("identity/")]
    assert len(pictures) >= len(completed.signers)
    for picture in pictures:
        with Image.open(io.BytesIO(picture)) as image:
            image.verify()


@pytest.mark.parametrize("query", ["", "?include=audit_trail"])
async def test_nothing_is_downloaded_before_completion(world: World, query: str) -> None:
    request_id = (await world.request(TIMEOUT))["id"]
    answer = await world.client.get(f"/v1/signature-requests/{request_id}/download{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "SIGNATURE_REQUEST_NOT_COMPLETED")
