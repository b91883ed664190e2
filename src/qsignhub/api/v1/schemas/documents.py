from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from qsignhub.api.v1.schemas.values import (
    Absent,
    DocumentId,
    Given,
    Instant,
    Link,
    Locale,
    Name,
    Taken,
)
from qsignhub.documents.model import SUFFIXES

File = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]


class UploadFields(Taken):
    """The text fields of an upload's form, beside ``file``."""

    name: Name | None = None
    locale: Locale | None = None


class Upload(Taken):
    """multipart/form-data. The file is PDF, DOCX, XLSX or XML, up to 50 MB."""

    file: Annotated[File, Field(description="The document.")]
    name: Annotated[Name | Absent, Field(description="What signers see; else the file's name.")] = None
    locale: Annotated[Locale | Absent, Field(description="BCP 47: the document's language.")] = None


class Hazard(Given):
    code: Annotated[str, Field(description="For example OPTIONAL_CONTENT or EXISTING_SIGNATURES.")]
    message: str


class Document(Given):
    id: DocumentId
    name: str
    mime_type: Annotated[str, Field(json_schema_extra={"enum": list(SUFFIXES)})]
    size_bytes: Annotated[int, Field(ge=0)]
    pages: Annotated[int | None, Field(ge=1, description="null where it could not be laid out as pages.")]
    sha256: Annotated[str, Field(description="Of the file as uploaded: 64 hexadecimal digits.")]
    preview_url: Annotated[Link | None, Field(description="The first page as PNG; short-lived.")]
    created_at: Instant
    expires_at: Annotated[Instant, Field(description="90 days after the upload.")]
    hazards: Annotated[
        list[Hazard] | Absent, Field(description="What to look at before people are asked to sign it.")
    ] = None


class DocumentList(Given):
    data: list[Document]
    next_cursor: Annotated[str | None, Field(description="null on the last page.")]
