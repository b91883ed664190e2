"""Section 05: the upload as printed."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable

import pypdfium2
import pytest
from PIL import Image

from tests.contract import printed
from tests.contract.agreement import PAGES, SIZE_BYTES, service_agreement
from tests.contract.tls import Shell
from tests.contract.world import World
from tests.documents.office_files import sheet, word

pytestmark = pytest.mark.asyncio(loop_scope="module")
RESPONSE = "05-upload-response.json"


async def test_the_answer_to_an_upload_is_the_print_but_for_what_is_random(world: World) -> None:
    given = await world.upload(name="Q1 2025 Service Agreement", locale="en-GB")
    expected = printed.example(RESPONSE)
    assert printed.deviations(expected, given) == []
    random = {"id", "sha256", "preview_url"}
    assert given == expected | {name: given[name] for name in random}


async def test_size_pages_and_hash_are_those_of_the_bytes(world: World) -> None:
    given = await world.upload()
    content = service_agreement()
    assert given["sha256"] == hashlib.sha256(content).hexdigest()
    assert given["size_bytes"] == len(content) == SIZE_BYTES
    assert given["pages"] == len(pypdfium2.PdfDocument(content)) == PAGES
    assert given["name"] == "service_agreement.pdf"


async def test_the_preview_is_a_picture_of_the_first_page(world: World) -> None:
    answer = await world.client.get((await world.upload())["preview_url"], headers={"X-API-Key": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(answer.content)) as picture:
        picture.verify()
        width, height = picture.size
    assert width / height == pytest.approx(595 / 842, abs=0.01)


@pytest.mark.tools
async def test_the_printed_curl_command_uploads_the_document(world: World, shell: Shell) -> None:
    """As printed, with a live key in the place of the print's, which ends with dots."""
    (shell.folder / "service_agreement.pdf").write_bytes(service_agreement())
    command = printed.text("05-upload.sh").replace("qsh_live_Xk9mN3pQr7...", await world.new_key("live"))
    status, body = await shell.run(command)
    assert status == 201, body
    given, expected = json.loads(body), printed.example(RESPONSE)
    assert printed.deviations(expected, given) == []
    assert given == expected | {name: given[name] for name in ("id", "sha256", "preview_url")}


@pytest.mark.office
@pytest.mark.parametrize(("name", "make"), [("agreement.docx", word), ("prices.xlsx", sheet)])
async def test_office_documents_are_taken(world: World, name: str, make: Callable[[], bytes]) -> None:
    answer = await world.client.post("/v1/documents", files={"file": (name, make())})
    given = world.told(answer, 201)
    assert printed.deviations(printed.example(RESPONSE), given) == []


async def test_xml_is_taken(world: World) -> None:
    content = b"<agreement><party>A</party></agreement>"
    answer = await world.client.post("/v1/documents", files={"file": ("agreement.xml", content)})
    given = world.told(answer, 201)
    assert (given["mime_type"], given["size_bytes"]) == ("application/xml", len(content))
    assert given["sha256"] == hashlib.sha256(content).hexdigest()
