"""Where the cycle handles files: sources checked against their recorded hash, results stored."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from qsignhub.ceremonies.errors import DocumentChanged
from qsignhub.ceremonies.journal import Signing, there
from qsignhub.documents.service import Documents
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.database import Transaction
from qsignhub.signature_requests.model import Revision, SignatureRequest
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing.format import DataObject, Format
from qsignhub.signing.formats import FORMATS


@dataclass(frozen=True, slots=True)
class Source:
    """The state of the document that the next revision builds on; revision 0 is the original."""

    revision: int
    key: str
    sha256: str
    original_sha256: str
    """Of the document as it was uploaded: what the signers were shown."""
    signable_key: str
    signable_sha256: str
    """Of what revision 1 is made of: the same, or the PDF that the document was converted to."""
    data_object: DataObject

    @property
    def unsigned(self) -> bool:
        return self.revision == 0


@dataclass(frozen=True, slots=True)
class Stored:
    key: str
    sha256: str
    size_bytes: int

    def as_result(self) -> dict[str, object]:
        """For the journal: what a signing has come to."""
        return {"result_key": self.key, "result_sha256": self.sha256, "result_size": self.size_bytes}


class Workplace:
    def __init__(self, requests: SignatureRequests, documents: Documents, blobs: Blobs, folder: Path) -> None:
        self._requests = requests
        self._documents = documents
        self._blobs = blobs
        self._folder = folder

    async def source(self, tx: Transaction, request: SignatureRequest) -> Source:
        document = await self._documents.get(tx, request.scope, request.document_id)
        signable = self._documents.signable(document, request.format)
        revision = await self._requests.latest_revision(tx, request)
        latest = (
            (0, signable.key, signable.sha256)
            if revision is None
            else (revision.number, revision.blob_key, revision.sha256)
        )
        return Source(
            *latest,
            original_sha256=document.sha256,
            signable_key=signable.key,
            signable_sha256=signable.sha256,
            data_object=DataObject(document.file_name, document.mime_type),
        )

    async def data_object(self, tx: Transaction, request: SignatureRequest) -> DataObject:
        document = await self._documents.get(tx, request.scope, request.document_id)
        return DataObject(document.file_name, document.mime_type)

    @asynccontextmanager
    async def files_of(self, source: Source) -> AsyncIterator[tuple[Path, Path | None, Path]]:
        """What is signed, what is signed of it so far (None: nothing), their hashes checked, and a place to
        write the next revision to.
        """
        signable = self._recorded(source.signable_key, source.signable_sha256)
        async with signable as document, self._scratch() as target:
            if source.unsigned:
                yield document, None, target
            else:
                async with self._recorded(source.key, source.sha256) as latest:
                    yield document, latest, target

    @asynccontextmanager
    async def _recorded(self, key: str, sha256: str) -> AsyncIterator[Path]:
        async with self._blobs.as_file(key) as path:
            if await asyncio.to_thread(sha256_of, path) != sha256:
                raise DocumentChanged(
                    "The stored document is not the one that was recorded; it is not signed."
                )
            yield path

    @asynccontextmanager
    async def on_prepared(self, signing: Signing) -> AsyncIterator[Path]:
        """A private copy of what a signing has prepared, its hash checked, to be finished."""
        async with self._blobs.as_file(there(signing.prepared_key)) as prepared, self._scratch() as target:
            if await asyncio.to_thread(_copied, prepared, target) != signing.prepared_sha256:
                raise DocumentChanged("The prepared document was changed before it was signed.")
            yield target

    async def store(self, request: SignatureRequest, signing: Signing, kind: str, path: Path) -> Stored:
        """Under a key of this content: a step done twice never overwrites what it stored before."""
        sha256, size_bytes = await asyncio.to_thread(lambda: (sha256_of(path), path.stat().st_size))
        suffix = format_of(request).suffix
        key = f"requests/{request.scope.mode}/{request.id}/{signing.id}/{kind}-{sha256[:16]}{suffix}"
        await self._blobs.put_file(key, path)
        return Stored(key, sha256, size_bytes)

    @asynccontextmanager
    async def _scratch(self) -> AsyncIterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            yield Path(file.name)


def format_of(request: SignatureRequest) -> Format:
    return FORMATS[request.format, request.packaging]


def published(signing: Signing) -> Revision:
    """The revision that a signing has come to, right after the one it was made on."""
    return Revision(
        number=there(signing.base_revision) + 1,
        blob_key=there(signing.result_key),
        sha256=there(signing.result_sha256),
        size_bytes=there(signing.result_size),
    )


def _copied(source: Path, target: Path) -> str:
    """The SHA-256 of the copy, not of what it was made of."""
    shutil.copyfile(source, target)
    return sha256_of(target)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
