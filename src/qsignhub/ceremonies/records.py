"""All that is kept of one completed request, side by side: what its history is told from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qsignhub.ceremonies.journal import RecordedConsent, RecordedSigning
from qsignhub.documents.model import Document
from qsignhub.foundation.events import Event
from qsignhub.identity.model import Verification
from qsignhub.signature_requests.model import Revision, SignatureRequest


@dataclass(frozen=True, slots=True)
class Records:
    """``invited_at`` and ``verifications`` go by the signer's id, ``issued_at`` by the signing's."""

    request: SignatureRequest
    sender: str
    document: Document
    signed: Revision
    invited_at: Mapping[str, datetime]
    events: Sequence[Event]
    consents: Sequence[RecordedConsent]
    signings: Sequence[RecordedSigning]
    issued_at: Mapping[str, datetime]
    verifications: Mapping[str, Verification]
