"""Makes documents and requests through the services, as the API's routes do."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from qsignhub.bootstrap import Services
from qsignhub.documents import repository as documents_repository
from qsignhub.documents.inspection import Inspection
from qsignhub.documents.model import PDF_TYPE, RETENTION, Document
from qsignhub.documents.page_boxes import PageBoxes
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.signature_requests.model import (
    NewSignatureRequest,
    NewSigner,
    SignatureFormat,
    SignatureRequest,
)
from tests.pdfs import one_page_pdf

SUCCESS = "sign.success@qsignhub-test.io"
FAIL = "sign.fail@qsignhub-test.io"
TIMEOUT = "sign.timeout@qsignhub-test.io"
INSPECTION = Inspection(
    PDF_TYPE, pages=1, page_boxes=PageBoxes.of_pages([(0, 0, 595, 842)]), preview_png=b"preview"
)


async def make_scope(services: Services, account: str = "default", mode: Mode = "test") -> Scope:
    async with services.database.transaction() as tx:
        return await services.accounts.scope_of(tx, account, mode)


async def make_document(services: Services, scope: Scope, pdf: bytes | None = None) -> Document:
    content = pdf or one_page_pdf()
    path = Path(services.settings.spool_dir) / "upload.pdf"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    upload = ReceivedUpload({}, path, "contract.pdf", "application/pdf", len(content), digest)
    async with services.database.transaction() as tx:
        return await services.documents.accept(tx, scope, upload, INSPECTION)


async def make_file(services: Services, scope: Scope, content: bytes, mime_type: str) -> Document:
    """A document of another type than PDF, stored as an upload is."""
    now = services.clock.now()
    document_id = new_id("doc")
    document = Document(
        id=document_id,
        name="document",
        locale=None,
        mime_type=mime_type,
        size_bytes=len(content),
        pages=None,
        sha256=hashlib.sha256(content).hexdigest(),
        blob_key=f"documents/{scope.mode}/{document_id}/original",
        preview_key=None,
        created_at=now,
        expires_at=now + RETENTION,
    )
    await services.blobs.put(document.blob_key, content)
    async with services.database.transaction() as tx:
        await documents_repository.insert(tx, scope, document)
    return document


async def make_request(
    services: Services,
    scope: Scope,
    emails: Sequence[str],
    *,
    order: str = "parallel",
    document: Document | None = None,
    signature_format: SignatureFormat | None = None,
) -> SignatureRequest:
    document = document or await make_document(services, scope)
    new = NewSignatureRequest(
        document_id=document.id,
        signers=tuple(NewSigner(f"Signer {n}", email) for n, email in enumerate(emails, 1)),
        signing_order=order,  # type: ignore[arg-type]
        format=signature_format,
    )
    async with services.database.transaction() as tx:
        return await services.ceremonies.open(tx, scope, new)
