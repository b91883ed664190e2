"""The states of a request and of a signer, and every move between them.

A move that is not in these tables does not happen: ``advance_*`` raises IllegalMove, which names the state
that stood in the way. A guard is a further condition of a move; it says what is against it, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from qsignhub.signature_requests.errors import IllegalMove

MAX_SIGNERS = 20

RequestStatus: TypeAlias = Literal["pending", "in_progress", "completed", "expired", "cancelled"]
SignerStatus: TypeAlias = Literal[
    "pending_verification",
    "verification_failed",
    "verified",
    "pending_signature",
    "signing",
    "signed",
    "failed",
]

RequestEvent: TypeAlias = Literal["signer_added", "signer_signed", "sealed", "deadline_passed", "cancelled"]
SignerEvent: TypeAlias = Literal[
    "identity_verified",
    "identity_failed",
    "reminded",
    "consented",
    "consent_lapsed",
    "consent_lapsed_unidentified",
    "signature_published",
    "refused",
    "found_revoked",
]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a request's move depends on."""

    status: RequestStatus
    signers: int
    signed: int


Guard: TypeAlias = Callable[[Standing], str | None]


@dataclass(frozen=True, slots=True)
class Move:
    to: RequestStatus
    guard: Guard = lambda _: None


def _somebody_has_to_sign(standing: Standing) -> str | None:
    return "everybody has signed already" if standing.signed == standing.signers else None


def _everybody_has_signed(standing: Standing) -> str | None:
    return None if standing.signed == standing.signers else "somebody has not signed yet"


def _room_for_a_signer(standing: Standing) -> str | None:
    return f"it has {MAX_SIGNERS} signers already" if standing.signers >= MAX_SIGNERS else None


REQUEST_MOVES: dict[tuple[RequestStatus, RequestEvent], Move] = {
    ("pending", "signer_added"): Move("pending", _room_for_a_signer),
    ("pending", "signer_signed"): Move("in_progress"),
    ("in_progress", "signer_signed"): Move("in_progress"),
    ("in_progress", "sealed"): Move("completed", _everybody_has_signed),
    ("pending", "deadline_passed"): Move("expired"),
    ("in_progress", "deadline_passed"): Move("expired", _somebody_has_to_sign),
    ("pending", "cancelled"): Move("cancelled"),
    ("in_progress", "cancelled"): Move("cancelled", _somebody_has_to_sign),
}

SIGNER_MOVES: dict[tuple[SignerStatus, SignerEvent], SignerStatus] = {
    ("pending_verification", "identity_verified"): "verified",
    ("pending_verification", "identity_failed"): "verification_failed",
    ("pending_verification", "reminded"): "pending_verification",
    ("verification_failed", "identity_verified"): "verified",
    ("verification_failed", "identity_failed"): "verification_failed",
    ("verification_failed", "reminded"): "verification_failed",
    ("verified", "consented"): "signing",
    ("verified", "reminded"): "verified",
    # A simple signature needs no identity check; the sandbox plays one if it is asked to.
    ("pending_signature", "consented"): "signing",
    ("pending_signature", "identity_verified"): "verified",
    ("pending_signature", "identity_failed"): "verification_failed",
    ("pending_signature", "reminded"): "pending_signature",
    ("signing", "consent_lapsed"): "verified",
    ("signing", "consent_lapsed_unidentified"): "pending_signature",
    ("signing", "signature_published"): "signed",
    ("signing", "refused"): "failed",
    # By status that is newer than the signature: its certificate had been revoked before.
    ("signed", "found_revoked"): "failed",
}

_IN_WORDS: dict[str, str] = {
    "signer_added": "a signer cannot be added",
    "signer_signed": "it cannot be signed",
    "sealed": "it cannot be completed",
    "deadline_passed": "it cannot expire",
    "cancelled": "it cannot be cancelled",
    "identity_verified": "the identity cannot be checked",
    "identity_failed": "the identity cannot be checked",
    "reminded": "there is nothing to remind of",
    "consented": "it cannot be signed",
    "consent_lapsed": "a consent cannot lapse",
    "consent_lapsed_unidentified": "a consent cannot lapse",
    "signature_published": "a signature cannot be published",
    "refused": "a signature cannot be refused",
    "found_revoked": "there is no signature to take back",
}


def advance_request(standing: Standing, event: RequestEvent) -> RequestStatus:
    """Where an event takes a request. Raises IllegalMove."""
    move = REQUEST_MOVES.get((standing.status, event))
    against = f"it is {standing.status}" if move is None else move.guard(standing)
    if move is None or against:
        raise IllegalMove(
            f"The signature request is {standing.status}: {_IN_WORDS[event]}"
            + (f", since {against}." if move else ".")
        )
    return move.to


def advance_signer(status: SignerStatus, event: SignerEvent) -> SignerStatus:
    """Where an event takes a signer. Raises IllegalMove."""
    try:
        return SIGNER_MOVES[status, event]
    except KeyError:
        raise IllegalMove(f"The signer is {status}: {_IN_WORDS[event]}.") from None
