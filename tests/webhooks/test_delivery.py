"""A real receiver on loopback, a real PostgreSQL, the real job runner."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from datetime import timedelta

import httpx
import pytest

from qsignhub.foundation.database import Database
from qsignhub.foundation.jobs import JobRunner
from qsignhub.foundation.outward import outward_client
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey
from qsignhub.webhooks.errors import WebhookUrlInvalid
from qsignhub.webhooks.service import DELIVER_JOB, LISTENER_JOB, RETRY
from qsignhub.webhooks.signature import sign
from tests.webhooks.receiver import hang_up, receiving, status

DELIVERIES = "SELECT * FROM webhook_deliveries ORDER BY event_id"
QUEUED = (
    "SELECT convert_from(payload, 'utf8') AS payload, execute_after - created AS delay FROM pgqueuer "
    f"WHERE entrypoint = '{DELIVER_JOB}' ORDER BY id"
)


@contextlib.asynccontextmanager
async def working(house):
    runner = JobRunner(house.database, house.handlers)
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        await task


async def settled(house, deliveries=1):
    """The deliveries, once none of them is pending."""
    async with asyncio.timeout(30):
        while True:
            rows = await house.rows(DELIVERIES)
            if len(rows) == deliveries and all(row["status"] != "pending" for row in rows):
                return rows
            await asyncio.sleep(0.02)


async def planned(house, receiver):
    """An endpoint, an event and its delivery, planned but not run: (secret, payload of the job)."""
    secret = await house.add_endpoint(receiver.url)
    await house.call(LISTENER_JOB, {"event_id": await house.publish()})
    (job,) = await house.rows(QUEUED)
    return secret, json.loads(job["payload"])


class Killed(BaseException):
    """Ends the job as the end of its process would: nothing after it is run, nothing committed."""


class DyingClient(httpx.AsyncBaseTransport):
    """Delivers the request truly, and dies before the answer is known, for the first ``deaths`` times."""

    def __init__(self, deaths):
        self.deaths = deaths
        self.client = outward_client(allow_private=True)

    async def handle_async_request(self, request):
        request.headers.pop("host")
        response = await self.client.request(
            request.method,
            request.url.copy_with(raw_path=request.extensions["target"]),
            content=request.content,
            headers=request.headers,
        )
        self.deaths -= 1
        if self.deaths >= 0:
            raise Killed
        return httpx.Response(response.status_code, stream=httpx.ByteStream(b""))

    async def aclose(self):
        await self.client.aclose()


async def test_an_event_arrives_once_signed_and_in_the_contracts_shape(open_house):
    house = await open_house()
    async with receiving() as receiver:
        secret = await house.add_endpoint(receiver.url)
        async with working(house):
            event_id = await house.publish()
            (row,) = await settled(house)
    (request,) = receiver.received
    assert secret.startswith("whsec_")
    assert request.target == "/hooks?token=s3cr3t"
    told = json.loads(request.body)
    assert list(told) == ["id", "type", "created_at", "data"]
    assert (told["id"], told["type"]) == (event_id, "signature_request.completed")
    assert told["created_at"] == "2025-01-15T11:02:50Z"
    assert told["data"]["signature_request"]["metadata"] == {"ż": 1.5}
    assert request.headers["x-qsignhub-signature"] == sign(secret, request.body)
    assert request.headers["x-qsignhub-event-id"] == event_id
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("QSignHub/")
    assert (row["status"], row["attempts"], row["last_outcome"]) == ("delivered", 1, "HTTP 200")
    assert row["delivered_at"] is not None


async def test_case_69_server_errors_and_lost_acknowledgements_repeat_the_same_bytes(open_house, caplog):
    house = await open_house()
    async with receiving(status(500), status(503), hang_up, status(204)) as receiver:
        secret = await house.add_endpoint(receiver.url)
        async with working(house):
            event_id = await house.publish()
            (row,) = await settled(house)
    assert len(receiver.received) == 4
    assert len({request.body for request in receiver.received}) == 1
    signatures = {request.headers["x-qsignhub-signature"] for request in receiver.received}
    assert signatures == {sign(secret, receiver.received[0].body)}
    assert json.loads(receiver.received[0].body)["id"] == event_id
    assert (row["status"], row["attempts"], row["last_outcome"]) == ("delivered", 4, "HTTP 204")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_case_69_several_events_keep_their_own_ids_in_any_order(open_house):
    house = await open_house()
    async with receiving(status(500), status(200)) as receiver:
        await house.add_endpoint(receiver.url)
        async with working(house):
            ids = {await house.publish("signer.signed"), await house.publish()}
            await settled(house, deliveries=2)
    assert {json.loads(request.body)["id"] for request in receiver.received} == ids
    assert len(receiver.received) == 3


async def test_case_67_a_redirect_is_a_failure(open_house):
    house = await open_house(attempts=1)
    async with receiving() as elsewhere, receiving(status(302, f"Location: {elsewhere.url}")) as receiver:
        await house.add_endpoint(receiver.url)
        async with working(house):
            await house.publish()
            (row,) = await settled(house)
    assert (row["status"], row["last_outcome"], elsewhere.connections) == ("failed", "HTTP 302", 0)


async def test_case_65_a_refused_address_is_recorded_and_never_contacted(open_house):
    async with receiving() as receiver:
        house = await open_house(attempts=2, client=outward_client(allow_private=False))
        await house.add_endpoint(f"https://127.0.0.1:{receiver.port}/")
        async with working(house):
            await house.publish()
            (row,) = await settled(house)
    assert (row["status"], row["attempts"], receiver.connections) == ("failed", 2, 0)
    assert row["last_outcome"].startswith("OUTWARD_REFUSED")


async def test_a_receiver_that_never_takes_it_is_given_up_with_one_line_in_the_log(open_house, caplog):
    caplog.set_level(logging.INFO)
    house = await open_house(attempts=3)
    async with receiving(status(500)) as receiver:
        await house.add_endpoint(receiver.url)
        async with working(house):
            event_id = await house.publish()
            (row,) = await settled(house)
    assert (row["status"], row["attempts"], row["last_outcome"]) == ("failed", 3, "HTTP 500")
    assert len(receiver.received) == 3
    assert await house.rows(QUEUED) == []
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert event_id in line.getMessage()
    assert "s3cr3t" not in caplog.text


def test_the_delays_double_from_two_seconds_and_stay_under_an_hour():
    delays = [RETRY.delay(attempt - 1) for attempt in range(1, RETRY.attempts)]
    assert delays == [timedelta(seconds=2**power) for power in range(1, 12)]
    assert RETRY.delay(30) == timedelta(hours=1)


async def test_a_failed_attempt_plans_the_next_one_with_its_delay(open_house):
    house = await open_house(first=timedelta(milliseconds=30))
    async with receiving(status(500)) as receiver:
        _, payload = await planned(house, receiver)
        await house.call(DELIVER_JOB, payload)
        _, following = await house.rows(QUEUED)
    assert json.loads(following["payload"]) == payload | {"after": 1}
    assert following["delay"] == timedelta(milliseconds=30)


async def test_an_event_goes_to_each_endpoint_of_its_scope_and_to_no_other(open_house):
    house = await open_house()
    async with receiving() as first, receiving() as second, receiving() as live:
        secrets = {await house.add_endpoint(first.url), await house.add_endpoint(second.url)}
        await house.add_endpoint(live.url, Scope(house.scope.account_id, "live"))
        async with working(house):
            await house.publish()
            await settled(house, deliveries=2)
    assert (len(first.received), len(second.received), live.connections) == (1, 1, 0)
    assert len(secrets) == 2


async def test_fan_out_twice_plans_each_delivery_once(open_house):
    house = await open_house()
    async with receiving() as receiver:
        _, payload = await planned(house, receiver)
        await house.call(LISTENER_JOB, {"event_id": payload["event_id"]})
    assert len(await house.rows(QUEUED)) == len(await house.rows(DELIVERIES)) == 1


async def test_a_delivered_event_is_not_sent_again_when_the_job_runs_twice(open_house):
    house = await open_house()
    async with receiving() as receiver:
        _, payload = await planned(house, receiver)
        await house.call(DELIVER_JOB, payload)
        await house.call(DELIVER_JOB, payload)
    assert len(receiver.received) == 1


async def test_a_job_called_anew_after_its_failed_attempt_does_not_double_the_chain(open_house):
    house = await open_house()
    async with receiving(status(500)) as receiver:
        _, payload = await planned(house, receiver)
        await house.call(DELIVER_JOB, payload)
        await house.call(DELIVER_JOB, payload)
        assert len(receiver.received) == 1
        await house.call(DELIVER_JOB, payload | {"after": 1})
    assert len(receiver.received) == 2


async def test_a_job_picked_twice_at_once_sends_once(open_house):
    house = await open_house()
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def answer(writer):
        arrived.set()
        await go_on.wait()
        await status(200)(writer)

    async with receiving(answer) as receiver:
        _, payload = await planned(house, receiver)
        first = asyncio.create_task(house.call(DELIVER_JOB, payload))
        await arrived.wait()
        await house.call(DELIVER_JOB, payload)
        assert len(await house.rows(QUEUED)) == 2  # put off until the first is done or dead
        go_on.set()
        await first
    assert len(receiver.received) == 1


@pytest.fixture
async def wide_database(conninfo):
    """With more connections than jobs, so that it is not these that hold anything back."""
    database = Database(conninfo, connections=24)
    await database.open()
    yield database
    await database.close()


async def test_slow_receivers_hold_four_jobs_at_most(open_house, wide_database):
    house = await open_house(database=wide_database)
    now, most, four = 0, 0, asyncio.Event()

    async def answer(writer):
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 4:
            four.set()
        await four.wait()
        await asyncio.sleep(0.3)  # in which a fifth could come
        now -= 1
        await status(200)(writer)

    async with receiving(answer) as receiver:
        await house.add_endpoint(receiver.url)
        for _ in range(8):
            await house.call(LISTENER_JOB, {"event_id": await house.publish()})
        async with working(house):
            await settled(house, deliveries=8)
    assert (len(receiver.received), most) == (8, 4)


async def test_a_process_killed_in_the_middle_leaves_the_attempt_counted(open_house):
    dying = DyingClient(deaths=1)
    house = await open_house(client=httpx.AsyncClient(transport=dying))
    async with receiving() as receiver:
        _, payload = await planned(house, receiver)
        with pytest.raises(Killed):
            await house.call(DELIVER_JOB, payload)
        (row,) = await house.rows(DELIVERIES)
        assert (row["status"], row["attempts"], row["last_outcome"]) == ("pending", 1, None)
        await house.call(DELIVER_JOB, payload)
    (row,) = await house.rows(DELIVERIES)
    assert (row["status"], row["attempts"]) == ("delivered", 2)
    assert len({request.body for request in receiver.received}) == 1
    assert len(receiver.received) == 2


async def test_a_process_killed_at_every_attempt_does_not_send_without_end(open_house):
    house = await open_house(attempts=2, client=httpx.AsyncClient(transport=DyingClient(deaths=9)))
    async with receiving() as receiver:
        _, payload = await planned(house, receiver)
        for _ in range(2):
            with pytest.raises(Killed):
                await house.call(DELIVER_JOB, payload)
        await house.call(DELIVER_JOB, payload)
    (row,) = await house.rows(DELIVERIES)
    assert (row["status"], row["attempts"], len(receiver.received)) == ("failed", 2, 2)


async def test_the_secret_is_sealed_and_bound_to_its_endpoint(open_house):
    house = await open_house()
    secret = await house.add_endpoint("https://a.example/hooks")
    (row,) = await house.rows("SELECT * FROM webhook_endpoints")
    assert secret.encode() not in row["secret_sealed"]
    opened = MasterKey(bytes(32)).unseal("webhooks.endpoint-secret", row["id"], row["secret_sealed"])
    assert opened.decode() == secret
    assert row["id"].startswith("whk_")


async def test_an_unacceptable_url_is_not_kept(open_house):
    house = await open_house()
    with pytest.raises(WebhookUrlInvalid):
        await house.add_endpoint("ftp://a.example/")
    assert await house.rows("SELECT * FROM webhook_endpoints") == []
