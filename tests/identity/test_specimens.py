"""The sandbox's pictures of an identity check: drawn, marked, and the same for the same check."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from PIL import Image, ImageChops

from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.scope import Scope
from qsignhub.identity.adapters.sandbox import SandboxIdentityProvider
from qsignhub.identity.adapters.sandbox_specimens import document_specimen, portrait_specimen
from qsignhub.identity.model import Applicant, Identity, Verification
from qsignhub.identity.service import IdentityVerifications

ANNA = Identity("ANNA KOWALSKA", "national_id", "PL", date(1985, 4, 22), date(2035, 11, 15), 0.98)
PROVIDER = SandboxIdentityProvider(SettableClock(datetime(2026, 1, 15, tzinfo=UTC)))
NAMES = ["ŁUKASZ ŻÓŁĆ", "JÖRG WEIß", "ΕΛΕΝΗ", "КОНСТАНТИН", "王", "W" * 200, "ANNA " * 40, "A"]
BAND = {"document": 444, "portrait": 516}  # where the mark of the sandbox begins


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


async def test_a_check_has_a_document_and_a_portrait() -> None:
    verification = await PROVIDER.verify(Applicant("Anna Kowalska", None), "AZE123456", "video_id")
    images = await PROVIDER.images(verification)
    assert {shows: opened(png).size for shows, png in images.items()} == {
        "document": (856, 540),
        "portrait": (480, 600),
    }
    assert images == await PROVIDER.images(verification)


async def test_where_nothing_was_checked_there_is_nothing_to_see() -> None:
    moment = datetime(2026, 1, 15, tzinfo=UTC)
    assert await PROVIDER.images(Verification("verified", "sms_otp", moment)) == {}


async def test_live_never_gets_a_specimen() -> None:
    verifications = IdentityVerifications({"test": PROVIDER})
    verification = await PROVIDER.verify(Applicant("Anna Kowalska", None), "AZE123456", "video_id")
    assert await verifications.images(Scope("acc_1", "live"), verification) == {}
    assert len(await verifications.images(Scope("acc_1", "test"), verification)) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(ANNA, full_name="ANNA KOWALSKI"),
        replace(ANNA, document_type="passport"),
        replace(ANNA, document_country="DE"),
        replace(ANNA, document_expiry=date(2036, 1, 1)),
        replace(ANNA, match_score=0.61),
    ],
)
def test_a_document_shows_what_the_check_was_told(other: Identity) -> None:
    assert document_specimen(other) == document_specimen(other) != document_specimen(ANNA)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_covers_the_mark_or_runs_off_the_edge(name: str) -> None:
    identity = replace(ANNA, full_name=name)
    drawn = {"document": document_specimen, "portrait": portrait_specimen}
    for shows, draw in drawn.items():
        changed = ImageChops.difference(opened(draw(identity)), opened(draw(ANNA))).getbbox()
        assert changed is not None
        width = opened(draw(ANNA)).width
        assert changed[2] <= width - 20
        assert changed[3] <= BAND[shows]
