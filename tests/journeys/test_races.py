"""Two at once: cancelling against signing, adding against signing, many signers at the same time."""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.foundation.database import fetch_all
from qsignhub.settings import Settings
from qsignhub.signature_requests.errors import IllegalMove
from qsignhub.signature_requests.model import NewSigner, SignatureRequest
from tests.ceremonies.test_faults import consented, current, run_cycle, signatures
from tests.journeys.test_bad_input import error_of
from tests.support.customer import REQUESTS, Customer, customer, database_of, person, wait_until
from tests.support.live import LiveService

PUBLISHED_BY = ("embed", "publish", "seal", "complete")
"""Embedding and publishing are one transaction: whoever comes between them waits for both."""
STEPS = ("certify", "prepare", "activate", "sign", "timestamp", *PUBLISHED_BY)
ROUNDS = 30


class Interruption:
    """Lets somebody else begin at the very moment at which a step of the cycle begins.

    The step holds the request, so that what begins now has its turn right after the step's commit.
    """

    def __init__(self) -> None:
        self.at = ""
        self.begun = asyncio.Event()

    def __call__(self, step: str) -> None:
        if step == self.at:
            self.begun.set()

    async def between(self, step: str, cycle: Awaitable[None], other: Callable[[], Awaitable[Any]]) -> Any:
        """What ``other`` came to: its answer, or the IllegalMove that it raised."""
        self.at, self.begun = f"before {step}", asyncio.Event()

        async def interrupt() -> Any:
            await self.begun.wait()
            try:
                return await other()
            except IllegalMove as refusal:
                return refusal

        _, outcome = await asyncio.gather(cycle, interrupt())
        return outcome


@pytest.mark.parametrize("step", STEPS)
async def test_case_49_at_every_step_of_a_signature_one_of_both_wins(
    settings: Settings, conninfo: str, step: str
) -> None:
    interruption = Interruption()
    async with open_services(settings, conninfo, Overrides(checkpoint=interruption)) as services:
        request = await consented(services)

        async def cancel() -> SignatureRequest:
            async with services.database.transaction() as tx:
                return await services.ceremonies.cancel(tx, request.scope, request.id, "Too late?")

        outcome = await interruption.between(step, run_cycle(services, request), cancel)
        now = await current(services, request)
        told = await events_of(services, request)
        if step in PUBLISHED_BY:
            assert isinstance(outcome, IllegalMove)
            assert (now.status, now.signers[0].status) == ("completed", "signed")
            assert await signatures(services, request) == 1
            assert told[-1] == "signature_request.completed"
        else:
            assert outcome.status == "cancelled"
            assert (now.status, now.signers[0].status) == ("cancelled", "failed")
            assert now.signers[0].failure_code == "SIGNATURE_REQUEST_CLOSED"
            assert await signatures(services, request) == 0
            assert told == ["signature_request.created", "signer.verification_completed"]
        async with services.database.transaction() as tx:
            assert await services.ceremonies.resume(tx) == 0, "nothing is left that would go on"


@pytest.mark.parametrize(("step", "added"), [("certify", True), ("embed", False), ("publish", False)])
async def test_a_signer_added_while_the_only_one_signs_is_waited_for_or_refused(
    settings: Settings, conninfo: str, step: str, added: bool
) -> None:
    interruption = Interruption()
    async with open_services(settings, conninfo, Overrides(checkpoint=interruption)) as services:
        request = await consented(services)

        async def add() -> Any:
            async with services.database.transaction() as tx:
                signer = NewSigner("Jan Nowak", "jan.nowak@company.example")
                return await services.ceremonies.add_signer(tx, request.scope, request.id, signer)

        outcome = await interruption.between(step, run_cycle(services, request), add)
        now = await current(services, request)
        assert isinstance(outcome, IllegalMove) is not added
        assert (now.status, len(now.signers)) == (("in_progress", 2) if added else ("completed", 1))


async def events_of(services: Services, request: SignatureRequest) -> list[str]:
    async with services.database.transaction() as tx:
        rows = await fetch_all(
            tx,
            "SELECT type FROM events WHERE data->'signature_request'->>'id' = %s ORDER BY ctid",
            (request.id,),
        )
    return [row["type"] for row in rows]


@pytest.fixture(scope="module")
def owner(live_service: LiveService) -> Customer:
    return customer(live_service, "races")


def test_case_49_cancelled_while_signing_thirty_times(live_service: LiveService, owner: Customer) -> None:
    """By HTTP, against real workers, at any moment; the first time certainly before, the last after."""
    document = owner.upload()["id"]
    chance = random.Random(49)

    def round_of(number: int) -> tuple[str, str]:
        request = owner.request(person(), document_id=document)
        url = request["signers"][0]["signing_url"]
        live_service.identify(url)

        def cancel() -> Any:
            if number == ROUNDS - 1:
                owner.wait_for_signer(request["id"], "signed")
            time.sleep(chance.uniform(0, 0.02) * number)
            return owner.cancel(request["id"])

        with ThreadPoolExecutor(2) as both:
            cancelling = both.submit(cancel)
            if number == 0:
                cancelling.result()
            signing = both.submit(live_service.sign, url)
        assert signing.result().status_code in {303, 410}
        return request["id"], "cancelled" if cancelling.result().status_code == 200 else refused(
            cancelling.result()
        )

    with ThreadPoolExecutor(3) as pool:
        outcomes = dict(pool.map(round_of, range(ROUNDS)))
    for request_id, outcome in outcomes.items():
        settled = wait_until(
            lambda request_id=request_id: owner.get(request_id),  # type: ignore[misc]
            lambda found: found["signers"][0]["status"] != "signing" and found["status"] != "in_progress",
        )
        assert settled["status"] == outcome
        signed = settled["signers"][0]["status"] == "signed"
        assert signed is (outcome == "completed")
        assert revisions(live_service, request_id) == (2 if signed else 0)
        answer = owner.client.get(f"{REQUESTS}/{request_id}/download")
        assert answer.status_code == (200 if signed else 409)
        if not signed:
            error_of(owner.cancel(request_id), 409, "ILLEGAL_STATE")
    assert set(outcomes.values()) == {"cancelled", "completed"}


def refused(answer: Any) -> str:
    error_of(answer, 409, "ILLEGAL_STATE")
    return "completed"


def revisions(service: LiveService, request_id: str) -> int:
    with psycopg.connect(database_of(service)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM revisions WHERE request_id = %s", (request_id,)
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_case_41_eight_people_sign_at_the_same_moment(live_service: LiveService, owner: Customer) -> None:
    people = [person(f"signer{number}@company.example") for number in range(8)]
    request = owner.request(*people, signature_type="ses")
    urls = [signer["signing_url"] for signer in request["signers"]]
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(live_service.sign, urls)} == {303}
    owner.wait_for(request["id"])
    signed = owner.client.get(f"{REQUESTS}/{request['id']}/download").content
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures
    assert len({signature.field_name for signature in embedded}) == 8
    ends = [signature.byte_range[2] + signature.byte_range[3] for signature in embedded]
    assert len(set(ends)) == 8, "each is a revision of its own, on top of the one before"
    report = owner.client.post("/v1/validate", files={"file": ("signed.pdf", signed)}).json()
    assert report["valid"] is True
    assert len(report["signatures"]) == 8
