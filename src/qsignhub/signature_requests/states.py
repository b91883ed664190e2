"""The states of a request and of a signer, and every move between them.

A move that is not in these tables does not happen: ``advance_*`` raises IllegalMove and names the
state that stood in the way.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from qsignhub.signature_requests.errors import IllegalMove

RequestStatus: TypeAlias = Literal["pending", "in_progress", "completed", "expired", "cancelled"]
SignerStatus: TypeAlias = Literal[
    "pending_verification", "verification_failed", "verified", "signing", "signed", "failed"
]

RequestEvent: TypeAlias = Literal["signer_signed", "sealed", "deadline_passed", "cancelled"]
SignerEvent: TypeAlias = Literal[
    "identity_verified", "identity_failed", "consented", "consent_lapsed", "signature_published", "refused"
]

REQUEST_MOVES: dict[tuple[RequestStatus, RequestEvent], RequestStatus] = {
    ("pending", "signer_signed"): "in_progress",
    ("in_progress", "signer_signed"): "in_progress",
    ("in_progress", "sealed"): "completed",
    ("pending", "deadline_passed"): "expired",
    ("in_progress", "deadline_passed"): "expired",
    ("pending", "cancelled"): "cancelled",
    ("in_progress", "cancelled"): "cancelled",
}

SIGNER_MOVES: dict[tuple[SignerStatus, SignerEvent], SignerStatus] = {
    ("pending_verification", "identity_verified"): "verified",
    ("pending_verification", "identity_failed"): "verification_failed",
    ("verification_failed", "identity_verified"): "verified",
    ("verification_failed", "identity_failed"): "verification_failed",
    ("verified", "consented"): "signing",
    ("signing", "consent_lapsed"): "verified",
    ("signing", "signature_published"): "signed",
    ("signing", "refused"): "failed",
}


def advance_request(status: RequestStatus, event: RequestEvent) -> RequestStatus:
    try:
        return REQUEST_MOVES[status, event]
    except KeyError:
        raise IllegalMove(f"The signature request is {status}: {event} is not possible now.") from None


def advance_signer(status: SignerStatus, event: SignerEvent) -> SignerStatus:
    try:
        return SIGNER_MOVES[status, event]
    except KeyError:
        raise IllegalMove(f"The signer is {status}: {event} is not possible now.") from None
