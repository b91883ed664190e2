"""A signature request and its signers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from qsignhub.documents.model import PDF_TYPE, XML_TYPE
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.states import MAX_SIGNERS, RequestStatus, SignerStatus, Standing

__all__ = ["MAX_SIGNERS"]

DEFAULT_LIFETIME = timedelta(days=30)
MAX_REMINDERS = 3
REMINDER_PAUSE = timedelta(hours=24)

SignatureType = Literal["qes", "aes", "ses"]
SigningOrder = Literal["sequential", "parallel"]
SignatureFormat = Literal["pades", "xades", "cades"]
Packaging = Literal["enveloped", "enveloping", "attached", "detached", "asic_e"]
IdentityMethod = Literal["video_id", "eidas_idp", "bank_id", "sms_otp"]
ReminderChannel = Literal["email", "sms", "both"]

SIGNED_FILE: Final[Mapping[tuple[SignatureFormat, Packaging], tuple[str, str]]] = {
    ("pades", "enveloped"): ("signed.pdf", "application/pdf"),
    ("xades", "enveloped"): ("signed.xml", "application/xml"),
    ("xades", "enveloping"): ("signed.xml", "application/xml"),
    ("xades", "detached"): ("signed.xml", "application/xml"),
    ("xades", "asic_e"): ("signed.asice", "application/vnd.etsi.asic-e+zip"),
    ("cades", "attached"): ("signed.p7m", "application/pkcs7-mime"),
    ("cades", "detached"): ("signed.p7s", "application/pkcs7-signature"),
    ("cades", "asic_e"): ("signed.asice", "application/vnd.etsi.asic-e+zip"),
}
"""Name and media type of the signed document, or of the signatures that are detached from it."""


_DEFAULT_FORMATS: Mapping[str, SignatureFormat] = {PDF_TYPE: "pades", XML_TYPE: "xades"}


def default_format(mime_type: str) -> SignatureFormat:
    """The contract's default: PAdES for PDF, XAdES for XML, CAdES for all other types."""
    return _DEFAULT_FORMATS.get(mime_type, "cades")


def default_packaging(signature_format: SignatureFormat, signers: int) -> Packaging:
    """Inside of the document where it takes a signature in; else around it, for several in a container."""
    if signature_format != "cades":
        return "enveloped"
    return "attached" if signers == 1 else "asic_e"


def packagings_of(signature_format: SignatureFormat) -> list[Packaging]:
    return [packaging for one, packaging in SIGNED_FILE if one == signature_format]


@dataclass(frozen=True, slots=True)
class Field:
    """A signature field's place: page from 1, PDF points from the lower left corner of the page."""

    signer_index: int
    page: int
    x: float
    y: float
    width: float
    height: float
    type: str


@dataclass(frozen=True, slots=True)
class NewSigner:
    """``test_document`` is what the test world's mocked identity check is shown."""

    name: str
    email: str
    phone: str | None = None
    locale: str | None = None
    order: int | None = None
    identity_method: IdentityMethod | None = None
    identity_country: str | None = None
    test_document: str | None = None
    reason: str | None = None
    """Why they are asked to sign: shown in the signature, and signed with it."""
    identified_by_trust_service: bool = False
    """Known to the trust service that will sign, which lets nobody else use the key: no check of ours."""


@dataclass(frozen=True, slots=True)
class NewSignatureRequest:
    document_id: str
    signers: tuple[NewSigner, ...]
    signature_type: SignatureType = "qes"
    signing_order: SigningOrder = "parallel"
    format: SignatureFormat | None = None
    """None: by the document's type."""
    packaging: Packaging | None = None
    """None: by the format, and by how many sign."""
    expires_at: datetime | None = None
    redirect_url: str | None = None
    fields: tuple[Field, ...] = ()
    summary_mark: bool = False
    """Signatures without a field are marked in the bottom margin of the last page."""
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """As the contract shows it; ``serial`` is hexadecimal in pairs, ``3A:F2:…``."""

    issuer: str
    serial: str
    valid_from: str
    valid_to: str
    qualified: bool
    tsp: str


@dataclass(frozen=True, slots=True)
class SignatureTimestamp:
    """As the contract shows it; ``hash`` is ``sha256:`` and the whole imprint of the token."""

    value: str
    authority: str
    hash: str


@dataclass(frozen=True, slots=True)
class Signer:
    id: str
    position: int
    order: int
    name: str
    email: str
    phone: str | None
    locale: str | None
    identity_method: IdentityMethod | None
    """None: no identity check is asked for, as in a simple signature."""
    identity_country: str | None
    test_document: str | None
    status: SignerStatus
    failure_code: str | None
    failure_message: str | None
    link_token: str
    invited_at: datetime | None
    signed_at: datetime | None
    certificate: SigningCertificate | None
    timestamp: SignatureTimestamp | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    id: str
    scope: Scope
    document_id: str
    status: RequestStatus
    signature_type: SignatureType
    signing_order: SigningOrder
    format: SignatureFormat
    packaging: Packaging
    redirect_url: str | None
    fields: tuple[Field, ...]
    metadata: Mapping[str, Any]
    link_token: str
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    signers: tuple[Signer, ...]
    summary_mark: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in {"pending", "in_progress"}

    @property
    def standing(self) -> Standing:
        signed = sum(signer.status == "signed" for signer in self.signers)
        return Standing(self.status, len(self.signers), signed)

    def signer(self, signer_id: str) -> Signer:
        """Raises LookupError."""
        found = next((signer for signer in self.signers if signer.id == signer_id), None)
        if found is None:
            raise LookupError(signer_id)
        return found

    def is_turn_of(self, signer: Signer) -> bool:
        """In sequential order a signer waits until everybody of a lower order has signed."""
        if self.signing_order == "parallel":
            return True
        return all(other.status == "signed" for other in self.signers if other.order < signer.order)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which requests a list shows: of a status, created from (inclusive) and to (exclusive)."""

    status: RequestStatus | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    number: int
    channel: ReminderChannel
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """A published state of the document: the original plus ``number`` revisions of ours."""

    number: int
    blob_key: str
    sha256: str
    size_bytes: int
