"""One whole PAdES-B-LT signing step, against a bare pyHanko call."""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from pathlib import Path

from tests.pdfs import pages_pdf
from tests.support.making import make_document, make_scope

from bench.peer import BarePyHanko
from bench.results import Result
from qsignhub.bootstrap import Services, open_services
from qsignhub.foundation.engine import EmbeddedEngine, remove_cluster
from qsignhub.foundation.migrations import migrate
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import NewSignatureRequest, NewSigner, SignatureRequest

logging.getLogger("pyhanko").setLevel(logging.ERROR)  # it warns on each call that nothing is fetched
ROUNDS = 60
WARM_UP = 5


async def measure() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="qsignhub-bench-") as folder:
        engine = EmbeddedEngine(Path(folder))
        conninfo = await engine.start()
        try:
            await migrate(conninfo)
            async with open_services(Settings(data_dir=Path(folder)), conninfo) as services:
                return [await _compare(services)]
        finally:
            await engine.stop()
            remove_cluster(Path(folder))


async def _compare(services: Services) -> Result:
    """Both in turn, round by round, CPU of this process; the median of the rounds' ratios."""
    document = pages_pdf(4)
    trust = services.trust.named("test", "sandbox")
    peer = BarePyHanko(services.authority, trust.revocation, services.database)
    await peer.prepare()
    ratios, ours, theirs = [], [], []
    for number in range(WARM_UP + ROUNDS):
        request = await _consented(services, document)
        begun = time.process_time()
        await _sign(services, request)
        between = time.process_time()
        await peer.sign(document)
        ended = time.process_time()
        if number >= WARM_UP:
            ours.append(between - begun)
            theirs.append(ended - between)
            ratios.append(ours[-1] / theirs[-1])
    print(
        f"signing step: {statistics.median(ours) * 1000:.1f} ms of CPU, "
        f"bare pyHanko: {statistics.median(theirs) * 1000:.1f} ms"
    )
    return Result(
        "PAdES-B-LT signing step, CPU",
        "bare pyHanko B-LT with a loaded key and the same TSA in process",
        round(statistics.median(ratios), 3),
        1.5,
    )


async def _consented(services: Services, pdf: bytes) -> SignatureRequest:
    """A request of two signers, the first of whom has agreed; what it cost is not measured."""
    scope = await make_scope(services)
    document = await make_document(services, scope, pdf)
    signers = (NewSigner("Anna Kowalska", "a@example.com"), NewSigner("John Smith", "j@example.com"))
    async with services.database.transaction() as tx:
        request = await services.ceremonies.open(tx, scope, NewSignatureRequest(document.id, signers))
    token = request.signers[0].link_token
    async with services.database.transaction() as tx:
        await services.ceremonies.verify_identity(tx, token, "AZE123456")
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, token)
    return request


async def _sign(services: Services, request: SignatureRequest) -> None:
    """Every step from certificate to publication, each in its transaction, as the worker does it."""
    scope = request.scope
    payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": request.id}
    again: bool | None = True
    while again:
        async with services.database.transaction() as tx:
            again = await services.job_handlers["ceremonies.sign"].run(tx, payload)
