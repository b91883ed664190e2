"""Reads an upload as it arrives: multipart/form-data (RFC 7578) to a file on disk, never whole in memory.

The limit is on the document itself. What can be seen to be too large is refused before the first
byte is read; the rest as soon as it crosses the limit.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from qsignhub.documents.errors import DocumentTooLarge, FileMissing, SpoolUnavailable, UploadMalformed
from qsignhub.foundation.errors import Invalid

DEFAULT_LIMIT = 50 * 1024 * 1024
FRAMING_ALLOWANCE = 1024 * 1024
"""Room for what is not the document: delimiters, headers and fields; their own bounds keep within it."""

MAX_PARTS = 20
MAX_HEADERS = 8
MAX_HEADER_BYTES = 4096
MAX_FIELD_NAME_BYTES = 100
MAX_FIELD_BYTES = 8 * 1024
MAX_FIELD_CHARACTERS = 1000
_BUFFER = 256 * 1024
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")  # RFC 2046 §5.1.1


@dataclass(slots=True)
class ReceivedUpload:
    """An upload on disk. Use it as a context manager, or ``discard()`` it: the file goes with it."""

    fields: dict[str, str]
    path: Path
    filename: str | None
    """As the client named it, without folders; not to be trusted for anything but showing."""
    content_type: str | None
    size_bytes: int
    sha256: str

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)

    async def __aenter__(self) -> ReceivedUpload:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


async def receive_upload(
    chunks: AsyncIterator[bytes],
    content_type: str,
    content_length: int | None,
    spool_dir: Path,
    *,
    limit: int = DEFAULT_LIMIT,
) -> ReceivedUpload:
    """Reads the form of ``POST /v1/documents``: one part ``file``, and text fields.

    ``chunks`` is the request's body as it comes in; ``content_length`` its declared length, if any.
    Raises DocumentTooLarge, FileMissing, UploadMalformed, Invalid (a field that is too long) or
    SpoolUnavailable; then, and when it is cancelled, nothing is left on disk.
    """
    boundary = _boundary_of(content_type)
    if content_length is not None and content_length > limit + FRAMING_ALLOWANCE:
        raise DocumentTooLarge.over(limit, content_length)
    spool, path = _open_spool(spool_dir)
    digest = hashlib.sha256()

    def keep(data: bytearray) -> None:
        digest.update(data)
        try:
            spool.write(data)
            spool.flush()
        except OSError as exc:
            raise _no_room() from exc

    try:
        form = _Form(boundary, limit, content_length)
        async for chunk in chunks:
            for start in range(0, len(chunk), _BUFFER):
                form.feed(chunk if len(chunk) <= _BUFFER else chunk[start : start + _BUFFER])
                if len(form.document) >= _BUFFER:
                    await asyncio.to_thread(keep, form.take_document())
        form.finish()
        await asyncio.to_thread(keep, form.take_document())
        spool.close()
    except BaseException:
        # waits for a write that is under way in its thread; what it could not write is given up
        with suppress(OSError):
            spool.close()
        path.unlink(missing_ok=True)
        raise
    return ReceivedUpload(
        form.fields, path, form.filename, form.content_type, form.document_bytes, digest.hexdigest()
    )


def _boundary_of(content_type: str) -> bytes:
    try:
        kind, options = parse_options_header(content_type)
    except UnicodeError as exc:
        raise UploadMalformed("The Content-Type header cannot be read.") from exc
    if kind != b"multipart/form-data":
        raise UploadMalformed("The document is sent as multipart/form-data, in a part named file.")
    boundary = options.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        raise UploadMalformed("The Content-Type multipart/form-data has no valid boundary.")
    return boundary


def _open_spool(folder: Path) -> tuple[BinaryIO, Path]:
    try:
        descriptor, name = tempfile.mkstemp(prefix="upload-", dir=folder)  # mode 0600
    except OSError as exc:
        raise _no_room() from exc
    return os.fdopen(descriptor, "wb"), Path(name)


def _no_room() -> SpoolUnavailable:
    return SpoolUnavailable("There is no room to take the upload in just now.")


@dataclass(slots=True)
class _Part:
    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    is_document: bool = False
    value: bytearray = field(default_factory=bytearray)


class _Form:
    """The parser's state: fields in memory, the document's bytes gathered until they are taken."""

    def __init__(self, boundary: bytes, limit: int, content_length: int | None) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.content_type: str | None = None
        self.document = bytearray()
        self.document_bytes = 0
        self._limit = limit
        self._content_length = content_length
        self._received = 0
        self._has_document = False
        self._complete = False
        self._parts = 0
        self._part = _Part()
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_begin": self._begin_header,
                "on_header_field": self._header_name_data,
                "on_header_value": self._header_value_data,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._part_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )

    def feed(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._limit + FRAMING_ALLOWANCE:
            raise DocumentTooLarge.over(self._limit, self._content_length)
        try:
            self._parser.write(data)
        except FormParserError as exc:
            raise UploadMalformed("The multipart/form-data body is malformed.") from exc

    def take_document(self) -> bytearray:
        taken, self.document = self.document, bytearray()
        return taken

    def finish(self) -> None:
        if not self._complete:
            raise UploadMalformed("The multipart/form-data body ends before its closing boundary.")
        if not self._has_document or (self.document_bytes == 0 and not self.filename):
            raise FileMissing("The form has no part named file.", field="file")

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise UploadMalformed(f"The form has more than {MAX_PARTS} parts.")
        self._part = _Part()

    def _begin_header(self) -> None:
        self._header_name.clear()
        self._header_value.clear()

    def _header_name_data(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_data(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        name = self._header_name.decode("latin-1").lower()
        if name in self._part.headers:
            raise UploadMalformed(f"A part of the form has two {name[:100]} headers.")
        self._part.headers[name] = bytes(self._header_value)

    def _end_headers(self) -> None:
        part = self._part
        disposition, options = parse_options_header(part.headers.get("content-disposition"))
        if disposition != b"form-data" or b"name" not in options:
            raise UploadMalformed("A part of the form has no Content-Disposition form-data with a name.")
        encoding = part.headers.get("content-transfer-encoding", b"binary").strip().lower()
        if encoding not in {b"binary", b"8bit", b"7bit"}:  # RFC 7578 §4.7 deprecates them all
            raise UploadMalformed("A Content-Transfer-Encoding is not supported in multipart/form-data.")
        if len(options[b"name"]) > MAX_FIELD_NAME_BYTES:
            raise UploadMalformed("The name of a form field is too long.")
        part.name = _text(options[b"name"], "The name of a form field")
        part.is_document = part.name == "file"
        if not part.is_document:
            if b"filename" in options:
                raise UploadMalformed("Only the part named file may be a file.", field=part.name)
            if part.name in self.fields:
                raise UploadMalformed("The form has a field twice.", field=part.name)
            return
        if self._has_document:
            raise UploadMalformed("The form has more than one file.", field="file")
        self._has_document = True
        if b"filename" in options:
            name = _text(options[b"filename"], "The file's name", field="file")
            self.filename = re.split(r"[/\\]", name)[-1]
        if "content-type" in part.headers:
            self.content_type = _text(part.headers["content-type"], "The file's Content-Type", field="file")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._part.is_document:
            if len(self._part.value) + end - start > MAX_FIELD_BYTES:
                raise _too_long(self._part.name)
            self._part.value += data[start:end]
            return
        self.document_bytes += end - start
        if self.document_bytes > self._limit:
            raise DocumentTooLarge.over(self._limit, self._content_length)
        self.document += memoryview(data)[start:end]

    def _end_part(self) -> None:
        part = self._part
        if part.is_document:
            return
        value = _text(bytes(part.value), "The field", field=part.name)
        if len(value) > MAX_FIELD_CHARACTERS:
            raise _too_long(part.name)
        self.fields[part.name] = value

    def _end(self) -> None:
        self._complete = True


def _text(data: bytes, what: str, *, field: str | None = None) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise UploadMalformed(f"{what} is not valid UTF-8.", field=field) from exc
    if "\0" in text:
        raise UploadMalformed(f"{what} contains a NUL character.", field=field)
    return text


def _too_long(name: str) -> Invalid:
    return Invalid(f"The field is longer than {MAX_FIELD_CHARACTERS:,} characters.", field=name)
