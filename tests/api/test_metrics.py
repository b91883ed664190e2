"""/metrics: who may read it, and what it tells of the work of all processes."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from qsignhub.bootstrap import Services
from qsignhub.foundation.jobs import Jobs
from tests.api.serving import application, asking
from tests.support.making import TIMEOUT, make_request, make_scope


def figures(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """By sample name and label values."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_work_of_all_processes_is_counted(services: Services) -> None:
    scope, elsewhere = await make_scope(services), await make_scope(services, "other")
    await make_request(services, scope, [TIMEOUT])
    await make_request(services, elsewhere, [TIMEOUT])
    async with services.database.transaction() as tx:
        await Jobs().enqueue(tx, "late", {})
        await Jobs().enqueue(tx, "late", {}, delay=timedelta(days=1))
        await Jobs().enqueue(tx, "stuck", {})
        await tx.execute(
            "UPDATE pgqueuer SET execute_after = now() - interval '90 s' "
            "WHERE entrypoint = 'late' AND execute_after <= now()"
        )
        await tx.execute("UPDATE pgqueuer SET status = 'failed' WHERE entrypoint = 'stuck'")
        await services.webhooks.add_endpoint(tx, scope, "https://receiver.example/hook")
        await tx.execute(
            "INSERT INTO webhook_deliveries (endpoint_id, event_id, status) "
            "SELECT w.id, e.id, 'failed' FROM webhook_endpoints w, events e WHERE e.account_id = w.account_id"
        )
    async with asking(application(services)) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = figures(answer.text)
    assert found["qsignhub_database_up", ()] == 1
    assert found["qsignhub_open_signature_requests", ("pending",)] == 2
    assert found["qsignhub_open_signature_requests", ("in_progress",)] == 0
    assert found["qsignhub_webhook_deliveries", ("failed",)] == 1
    assert found["qsignhub_webhook_deliveries", ("pending",)] == 0
    assert found["qsignhub_jobs", ("late", "waiting")] == 1
    assert found["qsignhub_jobs", ("late", "planned")] == 1
    assert found["qsignhub_jobs", ("stuck", "held")] == 1
    assert 90 <= found["qsignhub_oldest_job_age_seconds", ("late",)] < 600
    assert found["qsignhub_oldest_job_age_seconds", ("stuck",)] == 0
    assert found["process_resident_memory_bytes", ()] > 0


async def test_what_is_over_is_not_shown_any_more(services: Services) -> None:
    app = application(services)
    async with asking(app) as client:
        async with services.database.transaction() as tx:
            await Jobs().enqueue(tx, "once", {})
        before = (await client.get("/metrics")).text
        async with services.database.transaction() as tx:
            await tx.execute("DELETE FROM pgqueuer")
        after = (await client.get("/metrics")).text
    assert 'job="once"' in before
    assert 'job="once"' not in after


async def test_without_the_database_it_tells_that_and_the_rest(services: Services, conninfo: str) -> None:
    async with asking(application(services)) as client:
        await client.get("/health")
        await services.database.close()
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    found = figures(answer.text)
    assert found["qsignhub_database_up", ()] == 0
    assert found["qsignhub_http_requests_total", ("GET", "/health", "200")] == 1
    assert not [name for name, _ in found if name == "qsignhub_jobs"]


async def test_durations_fall_into_buckets(services: Services) -> None:
    async with asking(application(services)) as client:
        for _ in range(3):
            await client.get("/health")
        found = figures((await client.get("/metrics")).text)
    labels = ("GET", "/health", "200")
    assert found["qsignhub_http_request_duration_seconds_count", labels] == 3
    assert found["qsignhub_http_request_duration_seconds_bucket", ("+Inf", *labels)] == 3


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("10.0.0.1", {}, 403),
        ("::ffff:192.0.2.7", {}, 403),
        ("somewhere", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
        ("192.0.2.7", {"Authorization": "Bearer "}, 403),
    ],
)
async def test_without_a_token_only_this_machine_reads(
    services: Services, peer: str, headers: dict[str, str], status: int
) -> None:
    async with asking(application(services), peer=peer) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "METRICS_FORBIDDEN"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer s3cret", 200),
        ("Bearer s3cre", 401),
        ("Bearer s3cret2", 401),
        ("s3cret", 401),
        ("Basic s3cret", 401),
        ("Bearer \u00e9", 401),
        ("", 401),
    ],
)
@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.7"])
async def test_with_a_token_it_alone_counts(
    services: Services, peer: str, authorization: str, status: int
) -> None:
    services.settings.metrics_token = "s3cret"
    async with asking(application(services), peer=peer) as client:
        answer = await client.get("/metrics", headers=[(b"authorization", authorization.encode())])
    assert answer.status_code == status


async def test_the_counts_go_by_an_index(services: Services, conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await connection.execute("SET enable_seqscan = off")
        for table, states in (
            ("signature_requests", "'pending', 'in_progress'"),
            ("webhook_deliveries", "'pending', 'failed'"),
        ):
            cursor = await connection.execute(
                f"EXPLAIN SELECT status, count(*) FROM {table} WHERE status IN ({states}) GROUP BY status"
            )
            plan = "\n".join(str(row[0]) for row in await cursor.fetchall())
            assert f"{table}_status_idx" in plan
