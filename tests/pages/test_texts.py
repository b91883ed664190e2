"""Every state that a page can show has words."""

from __future__ import annotations

from typing import get_args

import pytest

from qsignhub.pages.rendering import has_text
from qsignhub.signature_requests.states import RequestStatus, SignerStatus


@pytest.mark.parametrize("status", get_args(SignerStatus))
def test_every_status_of_a_signer_has_words(status: str) -> None:
    assert has_text(f"signer.{status}")


@pytest.mark.parametrize("status", get_args(RequestStatus))
def test_every_status_of_a_request_has_words(status: str) -> None:
    assert has_text(f"request.{status}")
