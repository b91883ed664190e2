"""What was asked for is what comes about, or nothing; and nobody waits for what is not theirs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from qsignhub.bootstrap import Services
from qsignhub.bootstrap.sweeping import sweep
from qsignhub.bootstrap.trusted_lists import ListSource, WatchedLists
from qsignhub.ceremonies.authorisation import Entered
from qsignhub.ceremonies.errors import OtpTooSoon
from qsignhub.ceremonies.trust import Standing, TrustedListFindings
from qsignhub.custody.signer_secrets import KIND
from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.database import Database, fetch_all
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.register import Register, Vault
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import NewSignatureRequest, NewSigner, SignatureRequest
from tests.ceremonies.live_world import (
    EMAIL,
    PIN,
    Qtsps,
    agree,
    confirming,
    live,
    requested,
    session_of,
)
from tests.ceremonies.test_faults import consented, current, payload_of, run_cycle, signatures
from tests.support.making import make_document, make_scope
from tests.support.trust_file import Listed, write_trust_file


class Told:
    """Trusted lists that say what they are told to."""

    def __init__(self, standing: Standing) -> None:
        self.standing_now = standing

    def standing(self, *_: object) -> Standing:
        return self.standing_now


def with_lists(services: Services, name: str, lists: TrustedListFindings) -> None:
    [route] = [one for one in services.trust._routes["live"] if one.service.name == name]
    routes = [
        replace(one, service=replace(one.service, trusted_lists=lists)) if one is route else one
        for one in services.trust._routes["live"]
    ]
    services.trust._routes = {**services.trust._routes, "live": routes}


async def step(services: Services, request: SignatureRequest) -> None:
    async with services.database.transaction() as tx:
        await services.job_handlers["ceremonies.sign"].run(tx, payload_of(request))


@pytest.mark.parametrize(
    "standing", [Standing(qualified=False, qscd=False), Standing(qualified=True, qscd=False)]
)
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
async def test_what_the_lists_take_back_on_the_way_is_no_qualified_signature(
    settings: Settings,
    conninfo: str,
    trust: Path,
    standing: Standing,
    steps: int,
) -> None:
    """Before the certificate, before the key is used, before the timestamp, before publication."""
    async with live(settings, conninfo, trust) as services:
        lists = Told(Standing(qualified=True, qscd=True))
        with_lists(services, "alpha", lists)
        request = await requested(services)
        await agree(services, request)
        for _ in range(steps):
            await step(services, request)
        lists.standing_now = standing
        await run_cycle(services, request)
        signer = (await current(services, request)).signers[0]
        assert (signer.status, signer.failure_code) == ("failed", "CERTIFICATE_NOT_QUALIFIED")
        assert await signatures(services, request) == 0


async def test_a_list_that_was_replaced_does_not_come_back(
    database: Database,
    both: Qtsps,
) -> None:
    """Not even over a restart: what is recorded is what was seen."""
    clock, register = SystemClock(), Register(database)
    box = both.alpha
    signer = box.http.get(f"{box.url}/tl-signer.crt").content
    older = box.http.get(f"{box.url}/tl.xml").content
    await asyncio.sleep(1.1)  # a list's time of issue is in whole seconds
    newer = box.http.get(f"{box.url}/tl.xml").content
    served = [newer]

    async def fetch() -> bytes:
        return served[0]

    def watched() -> WatchedLists:
        return WatchedLists([ListSource("alpha", (signer,), fetch)], register, clock)

    lists = watched()
    assert await lists.refresh() is True
    served[0] = older
    assert older != newer
    assert await lists.refresh() is False
    assert await watched().refresh() is False
    served[0] = newer
    assert await watched().refresh() is True


async def test_a_service_that_is_half_down_is_left_out_too(
    settings: Settings,
    conninfo: str,
    trust: Path,
    qtsps: Qtsps,
) -> None:
    async with live(settings, conninfo, trust) as services:
        qtsps.alpha.fail("csc.credentials/list", "down")
        request = await requested(services)
        offer = await services.ceremonies.offer(await session_of(services, request))
        assert offer.service == "beta"


async def test_a_service_that_rests_is_asked_all_the_same_where_there_is_no_other(
    settings: Settings,
    conninfo: str,
    qtsps: Qtsps,
    tmp_path: Path,
) -> None:
    path = write_trust_file(tmp_path / "one", Listed("alpha", qtsps.alpha))
    async with live(settings, conninfo, path) as services:
        request = await requested(services)
        session = await session_of(services, request)
        qtsps.alpha.fail("csc", "down")
        with pytest.raises(Unavailable):
            await services.ceremonies.offer(session)
        qtsps.alpha.http.delete(f"{qtsps.alpha.url}/sandbox/failures")
        assert (await services.ceremonies.offer(session)).service == "alpha"


async def test_a_signer_of_one_service_does_not_wait_for_another_that_is_down(
    settings: Settings,
    conninfo: str,
    qtsps: Qtsps,
    tmp_path: Path,
) -> None:
    path = write_trust_file(
        tmp_path / "two", Listed("alpha", qtsps.alpha, ["PL"]), Listed("beta", qtsps.beta, ["DE"])
    )
    async with live(settings, conninfo, path) as services:
        scope = await make_scope(services, mode="live")
        document = await make_document(services, scope)
        signers = (
            NewSigner("Anna", EMAIL, identity_country="PL"),
            NewSigner("Anna", EMAIL, identity_country="DE"),
        )
        async with services.database.transaction() as tx:
            request = await services.ceremonies.open(
                tx, scope, NewSignatureRequest(document.id, signers, signature_type="qes")
            )
        for signer in request.signers:
            async with services.database.transaction() as tx:
                await services.ceremonies.consent(tx, signer.link_token, entered=PIN)
        qtsps.alpha.fail("csc", "down")
        with pytest.raises(Unavailable):
            await run_cycle(services, request)
        assert [s.status for s in (await current(services, request)).signers] == ["signing", "signed"]
        qtsps.alpha.http.delete(f"{qtsps.alpha.url}/sandbox/failures")
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_credential_taken_away_while_its_signer_confirms_is_refused(
    settings: Settings,
    conninfo: str,
    trust: Path,
    qtsps: Qtsps,
) -> None:
    """A request is never stuck: what is refused while it waits ends as it does anywhere else."""
    async with live(settings, conninfo, trust) as services:
        request = await confirming(services, qtsps.alpha)
        services.trust.named("live", "alpha").certificates._found.clear()  # type: ignore[attr-defined]
        qtsps.alpha.fail("csc", "expired")
        await run_cycle(services, request)
        signer = (await current(services, request)).signers[0]
        assert (signer.status, signer.failure_code) == ("failed", "CREDENTIAL_UNUSABLE")


async def test_a_cancelled_request_ends_also_without_its_trust_service(
    settings: Settings,
    conninfo: str,
    trust: Path,
    qtsps: Qtsps,
    tmp_path: Path,
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        await step(services, request)
    without = write_trust_file(tmp_path / "without", Listed("beta", qtsps.beta))
    async with live(settings, conninfo, without) as services:
        async with services.database.transaction() as tx:
            await services.ceremonies.cancel(tx, request.scope, request.id, None)
        await run_cycle(services, request)
        async with services.database.transaction() as tx:
            rows = await fetch_all(
                tx, "SELECT finished_at FROM signings WHERE request_id = %s", (request.id,)
            )
        assert all(row["finished_at"] for row in rows)


async def test_what_a_signer_entered_is_gone_after_a_while_and_after_a_cancellation(
    settings: Settings,
    conninfo: str,
    trust: Path,
    database: Database,
) -> None:
    async def kept() -> int:
        async with database.autocommit() as connection:
            return len(await fetch_all(connection, "SELECT FROM vault WHERE kind = %s", (KIND,)))

    async with live(settings, conninfo, trust) as services:
        cancelled, left = await requested(services), await requested(services)
        await agree(services, cancelled)
        await agree(services, left)
        assert await kept() == 2
        async with services.database.transaction() as tx:
            await services.ceremonies.cancel(tx, cancelled.scope, cancelled.id, None)
        await run_cycle(services, cancelled)
        assert await kept() == 1
        vault = Vault(database, services.settings.open_master_key())
        await sweep(vault)
        assert await kept() == 1
        async with database.autocommit() as connection:
            await connection.execute("UPDATE vault SET kept_at = kept_at - interval '11 minutes'")
        await sweep(vault)
        assert await kept() == 0
        await run_cycle(services, left)
        assert (await session_of(services, left)).refusal == "SIGNER_AUTHORISATION_REFUSED"


@pytest.fixture
def online(qtsps: Qtsps) -> str:
    email = "online@company.example"
    if not any(one.user.user_id == email for one in qtsps.alpha.qtsp.credentials.all()):
        qtsps.alpha.user(user_id=email, name="Olga On", country="PL", pin="1234", otp="online")
    return email


async def test_a_one_time_password_is_sent_once_in_a_while(
    settings: Settings,
    conninfo: str,
    trust: Path,
    qtsps: Qtsps,
    online: str,
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services, email=online)
        session = await session_of(services, request)
        before = len(qtsps.alpha.qtsp.outbox)
        refused = 0
        for _ in range(5):
            try:
                await services.ceremonies.send_otp(session)
            except OtpTooSoon:
                refused += 1
        sent = len(qtsps.alpha.qtsp.outbox) - before
        assert sent in {1, 2}  # two where half a minute ended in between
        assert sent + refused == 5
        code = qtsps.alpha.qtsp.outbox[-1].code
        await agree(services, request, Entered(pin="1234", otp=code))
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_certificate_made_anew_on_the_way_is_the_accounts_too(services: Services) -> None:
    request = await consented(services)
    await step(services, request)
    async with services.database.transaction() as tx:
        await tx.execute("DELETE FROM activations")
        await tx.execute("UPDATE signings SET renewals = 1, step = 'authorised'")
    await run_cycle(services, request)
    certificate = (await current(services, request)).signers[0].certificate
    assert certificate is not None
    serial = int(certificate.serial.replace(":", ""), 16)
    async with services.database.transaction() as tx:
        found = await services.authority.find(tx, request.scope, serial)
    assert found.serial == f"{serial:x}"
    async with services.database.transaction() as tx:
        rows = await fetch_all(
            tx, "SELECT reference FROM issued_certificates WHERE serial = %s", (found.serial,)
        )
    assert [row["reference"].rpartition("-")[2] for row in rows] == ["1"]
