"""All that is kept of one request, side by side: what its history is told from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from qsignhub.ceremonies.journal import RecordedConsent, RecordedSigning
from qsignhub.documents.model import Document
from qsignhub.foundation.events import Event
from qsignhub.identity.model import Verification
from qsignhub.signature_requests.model import Revision, SignatureRequest


@dataclass(frozen=True, slots=True)
class Records:
    """``invited_at`` and ``verifications`` go by the signer's id, ``issued_at`` by the signing's.

    ``told_at``: when they were gathered; ``signed`` is None before the request is completed.
    """

    told_at: datetime

    request: SignatureRequest
    sender: str
    document: Document
    signed: Revision | None
    invited_at: Mapping[str, datetime]
    events: Sequence[Event]
    consents: Sequence[RecordedConsent]
    signings: Sequence[RecordedSigning]
    issued_at: Mapping[str, datetime]
    verifications: Mapping[str, Verification]


def discreet(records: Records) -> Records:
    """Without addresses, browsers, what identity documents say, and what went wrong for whom: for all who get
    the document.
    """
    signers = tuple(replace(signer, email="") for signer in records.request.signers)
    return replace(
        records,
        request=replace(records.request, signers=signers),
        consents=[
            replace(consent, ip_address=None, user_agent=None, click=None) for consent in records.consents
        ],
        events=[event for event in records.events if event.type != "signer.verification_failed"],
        signings=[signing for signing in records.signings if signing.refusal_code is None],
        verifications={
            key: replace(found, identity=None, failure_reason=None, liveness_check=None)
            for key, found in records.verifications.items()
            if found.status == "verified"
        },
    )
