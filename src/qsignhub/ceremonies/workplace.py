"""Where the cycle handles files: sources checked against their recorded hash, results stored."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qsignhub.ceremonies.errors import (
    CertificateRevoked,
    DocumentChanged,
    StatusNotGood,
    TrustServiceNotAccepted,
)
from qsignhub.ceremonies.journal import Signing, there
from qsignhub.ceremonies.trust import TrustService
from qsignhub.documents.service import Documents
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.errors import Refused
from qsignhub.revocation.evidence import gather
from qsignhub.revocation.model import CertificateStatus, State
from qsignhub.revocation.paths import path_of
from qsignhub.signature_requests.model import Revision, SignatureRequest
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.validation_data import ValidationData
from qsignhub.timestamping.model import TimestampToken


@dataclass(frozen=True, slots=True)
class Source:
    """The state of the document that the next revision builds on; revision 0 is the original."""

    revision: int
    key: str
    sha256: str
    original_sha256: str
    """Of the document as it was uploaded: what the signers were shown."""
    signable_sha256: str
    """Of what revision 1 is made of: the same, or the PDF that the document was converted to."""

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
        if revision is None:
            return Source(0, signable.key, signable.sha256, document.sha256, signable.sha256)
        return Source(revision.number, revision.blob_key, revision.sha256, document.sha256, signable.sha256)

    @asynccontextmanager
    async def on_copy_of(self, source: Source) -> AsyncIterator[tuple[Path, Path]]:
        """The stored file, its hash checked, and a place to write the next revision to."""
        async with self._blobs.as_file(source.key) as original, self._scratch() as target:
            if await asyncio.to_thread(sha256_of, original) != source.sha256:
                raise DocumentChanged(
                    "The stored document is not the one that was recorded; it is not signed."
                )
            yield original, target

    @asynccontextmanager
    async def on_prepared(self, signing: Signing) -> AsyncIterator[Path]:
        """A private copy of what a signing has prepared, its hash checked, to be finished."""
        async with self._blobs.as_file(there(signing.prepared_key)) as prepared, self._scratch() as target:
            await asyncio.to_thread(shutil.copyfile, prepared, target)
            if await asyncio.to_thread(sha256_of, target) != signing.prepared_sha256:
                raise DocumentChanged("The prepared document was changed before it was signed.")
            yield target

    async def store(self, request: SignatureRequest, signing: Signing, kind: str, path: Path) -> Stored:
        """Under a key of this content: a step done twice never overwrites what it stored before."""
        sha256 = await asyncio.to_thread(sha256_of, path)
        suffix = FORMATS[request.format].suffix
        key = f"requests/{request.scope.mode}/{request.id}/{signing.id}/{kind}-{sha256[:16]}{suffix}"
        await self._blobs.put_file(key, path)
        return Stored(key, sha256, (await asyncio.to_thread(path.stat)).st_size)

    async def validation_data(
        self, trust: TrustService, token: TimestampToken, path: Sequence[bytes] = ()
    ) -> ValidationData:
        """Chain and status of the signer's certificate (``path``: it first, its root last) and of the
        timestamp's, asked for now.

        Raises CertificateRevoked; Unavailable where a status cannot be had: then no LT is claimed.
        """
        with waiting_for_better():
            of_timestamp = path_of(token.certificate, token.certificates, trust.anchors)
            gathered = [await gather(trust.revocation, one) for one in (path, of_timestamp) if one]
        for one in (one for found in gathered for one in found.each):
            _check_status(one.status, of_signer=bool(path) and one.certificate == path[0])
        return ValidationData(
            certificates=list(dict.fromkeys([*path, *token.certificates, *of_timestamp])),
            ocsp_responses=list(dict.fromkeys(one.der for found in gathered for one in found.ocsp)),
            crls=list(dict.fromkeys(one.der for found in gathered for one in found.crls)),
        )

    @asynccontextmanager
    async def _scratch(self) -> AsyncIterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            yield Path(file.name)


@contextmanager
def waiting_for_better() -> Iterator[None]:
    """A trust service's answer that is refused refuses the answer, not the signature: that waits."""
    try:
        yield
    except Refused as refusal:
        raise TrustServiceNotAccepted(refusal.message) from refusal


def published(signing: Signing) -> Revision:
    """The revision that a signing has come to, right after the one it was made on."""
    return Revision(
        number=there(signing.base_revision) + 1,
        blob_key=there(signing.result_key),
        sha256=there(signing.result_sha256),
        size_bytes=there(signing.result_size),
    )


def _check_status(status: CertificateStatus, *, of_signer: bool) -> None:
    """Only a revoked signer's certificate is final; a status that is not known yet, or a timestamp
    service that is out of order, is for its operator to mend, and the signature waits.
    """
    if status.is_good:
        return
    if of_signer and status.state is State.REVOKED:
        raise CertificateRevoked("The signer's certificate is revoked by its issuer's OCSP answer.")
    whose = "signer's" if of_signer else "timestamp authority's"
    raise StatusNotGood(f"The {whose} certificate is {status.state.value} by its issuer's OCSP answer.")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
