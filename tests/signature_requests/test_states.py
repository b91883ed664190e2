"""Every state with every event: what may happen, and that nothing else does."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsignhub.signature_requests.errors import IllegalMove
from qsignhub.signature_requests.states import (
    RequestEvent,
    RequestStatus,
    SignerEvent,
    SignerStatus,
    Standing,
    advance_request,
    advance_signer,
)

# Written out once more, as the contract tells them: a move added to the tables has to be added here.
REQUEST_PATHS: dict[str, dict[str, str]] = {
    "pending": {
        "signer_added": "pending",
        "signer_signed": "in_progress",
        "deadline_passed": "expired",
        "cancelled": "cancelled",
    },
    "in_progress": {
        "signer_signed": "in_progress",
        "sealed": "completed",
        "deadline_passed": "expired",
        "cancelled": "cancelled",
    },
    "completed": {},
    "expired": {},
    "cancelled": {},
}
SIGNER_PATHS: dict[str, dict[str, str]] = {
    "pending_verification": {
        "identity_verified": "verified",
        "identity_failed": "verification_failed",
        "reminded": "pending_verification",
    },
    "verification_failed": {
        "identity_verified": "verified",
        "identity_failed": "verification_failed",
        "reminded": "verification_failed",
    },
    "verified": {"consented": "signing", "reminded": "verified"},
    "pending_signature": {
        "identity_verified": "verified",
        "identity_failed": "verification_failed",
        "consented": "signing",
        "reminded": "pending_signature",
    },
    "signing": {
        "consent_lapsed": "verified",
        "consent_lapsed_unidentified": "pending_signature",
        "signature_published": "signed",
        "refused": "failed",
    },
    "signed": {"found_revoked": "failed"},
    "failed": {},
}


def somebody_has_not(status: Any) -> Standing:
    return Standing(status, signers=2, signed=1)


def everybody_signed(status: Any) -> Standing:
    return Standing(status, signers=2, signed=2)


def test_every_status_of_the_contract_is_covered() -> None:
    assert REQUEST_PATHS.keys() == set(get_args(RequestStatus))
    assert SIGNER_PATHS.keys() == set(get_args(SignerStatus))


@pytest.mark.parametrize(("status", "event"), [*product(get_args(RequestStatus), get_args(RequestEvent))])
def test_a_request_moves_as_told_or_says_what_stands_in_the_way(status: Any, event: Any) -> None:
    expected = REQUEST_PATHS[status].get(event)
    standing = everybody_signed(status) if event == "sealed" else somebody_has_not(status)
    if expected:
        assert advance_request(standing, event) == expected
    else:
        with pytest.raises(IllegalMove, match=rf"The signature request is {status}: "):
            advance_request(standing, event)


@pytest.mark.parametrize(
    ("standing", "event", "why"),
    [
        (Standing("pending", 20, 0), "signer_added", "it has 20 signers already"),
        (Standing("in_progress", 2, 2), "cancelled", "everybody has signed already"),
        (Standing("in_progress", 2, 2), "deadline_passed", "everybody has signed already"),
        (Standing("in_progress", 2, 1), "sealed", "somebody has not signed yet"),
    ],
)
def test_a_guard_says_what_is_against_it(standing: Standing, event: Any, why: str) -> None:
    with pytest.raises(IllegalMove, match=why):
        advance_request(standing, event)


@pytest.mark.parametrize(("status", "event"), [*product(get_args(SignerStatus), get_args(SignerEvent))])
def test_a_signer_moves_as_told_or_says_what_stands_in_the_way(status: Any, event: Any) -> None:
    expected = SIGNER_PATHS[status].get(event)
    if expected:
        assert advance_signer(status, event) == expected
    else:
        with pytest.raises(IllegalMove, match=rf"The signer is {status}: "):
            advance_signer(status, event)


@given(st.lists(st.tuples(st.sampled_from(get_args(RequestEvent)), st.integers(0, 2)), max_size=12))
def test_no_path_leads_out_of_a_request_s_end(events: list[Any]) -> None:
    status: Any = "pending"
    for event, signed in events:
        before = status
        try:
            status = advance_request(Standing(status, 2, signed), event)
        except IllegalMove:
            continue
        assert before not in {"completed", "expired", "cancelled"}


@given(st.lists(st.sampled_from(get_args(SignerEvent)), max_size=16))
def test_no_path_leads_to_a_signature_but_through_identity_and_consent(events: list[Any]) -> None:
    status: Any = "pending_verification"
    happened = []
    for event in events:
        before = status
        try:
            status = advance_signer(status, event)
        except IllegalMove:
            continue
        happened.append(event)
        assert before != "failed"
        assert before != "signed" or event == "found_revoked"
    if status == "signed":
        assert happened[-2:] == ["consented", "signature_published"]
        assert "identity_verified" in happened[:-2]


def test_every_status_can_be_reached() -> None:
    for paths, starts in (
        (REQUEST_PATHS, ["pending"]),
        (SIGNER_PATHS, ["pending_verification", "pending_signature"]),
    ):
        reached, pending = set(starts), list(starts)
        while pending:
            for status in paths[pending.pop()].values():
                if status not in reached:
                    reached.add(status)
                    pending.append(status)
        assert reached == paths.keys()


@pytest.mark.parametrize("nonsense", ["", "Pending", "unknown", None])
def test_what_is_no_status_moves_nowhere(nonsense: Any) -> None:
    with pytest.raises(IllegalMove):
        advance_request(Standing(nonsense, 1, 0), "cancelled")
    with pytest.raises(IllegalMove):
        advance_signer(nonsense, "consented")
