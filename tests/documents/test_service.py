"""What comes in is looked into and laid out, and leaves nothing behind that is not kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from qsignhub.bootstrap import Services
from qsignhub.documents.converter import Converter
from qsignhub.documents.errors import DocumentUnreadable
from qsignhub.documents.model import DOCX_TYPE, XML_TYPE
from qsignhub.documents.service import Documents
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope
from tests.documents import office_files as made

SCOPE = Scope("acc_0000000000000000", "test")


def received(folder: Path, content: bytes) -> ReceivedUpload:
    path = folder / "upload"
    path.write_bytes(content)
    return ReceivedUpload({}, path, None, None, len(content), hashlib.sha256(content).hexdigest())


def with_converter(services: Services, converter: Converter) -> Documents:
    return Documents(services.blobs, services.inspector, converter, services.account_clock, Jobs())


async def test_without_a_converter_an_office_document_has_no_pages(
    services: Services, tmp_path: Path
) -> None:
    documents = with_converter(services, Converter(program="no-such-office"))
    folder = tmp_path / "spool"
    async with received(folder, made.word()) as upload, documents.inspected(SCOPE, upload) as inspection:
        assert (inspection.mime_type, inspection.pages, inspection.preview_png) == (DOCX_TYPE, None, None)
        assert inspection.pdf is None


@pytest.mark.office
async def test_with_one_it_has_pages_and_a_preview(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with (
        received(folder, made.word(200)) as upload,
        services.documents.inspected(SCOPE, upload) as inspection,
    ):
        assert (inspection.pages or 0) > 3
        assert inspection.page_boxes.of(1) == (0, 0, 612, 792)  # python-docx's paper is US Letter
        assert inspection.pdf is not None
        assert inspection.pdf.read_bytes().startswith(b"%PDF-")
    assert list(folder.iterdir()) == []


async def test_what_cannot_be_converted_is_refused_and_leaves_nothing(
    services: Services, tmp_path: Path
) -> None:
    documents = with_converter(services, Converter(program="false"))
    folder = tmp_path / "spool"
    with pytest.raises(DocumentUnreadable):
        async with received(folder, made.word()) as upload, documents.inspected(SCOPE, upload):
            pass
    assert list(folder.iterdir()) == []


async def test_a_megabyte_of_xml_is_laid_out_within_its_bounds(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    line = b"<l n='1'>Position of an invoice, written out as long as such lines are, twice and once more</l>"
    content = b"<a>" + line * (900_000 // len(line)) + b"</a>"
    async with received(folder, content) as upload, services.documents.inspected(SCOPE, upload) as found:
        assert found.mime_type == XML_TYPE
        assert (found.pages or 0) > 100
    assert list(folder.iterdir()) == []
