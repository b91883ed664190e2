"""One whole PAdES-B-LT signing step: against a bare pyHanko call, as the tenth on a document, and on 50 MB.

All of it in one process and on the event loop that the service runs on. The first signature brings the audit
trail up to then, set as a PDF/A and embedded, which no bare call does: it is measured apart from the others.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import tempfile
import time
from asyncio.subprocess import DEVNULL
from pathlib import Path

from tests.pdfs import big_pdf, pages_pdf
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
REQUESTS_OF_TEN = 5
LARGE = 50_000_000


async def measure() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="qsignhub-bench-") as folder:
        engine = EmbeddedEngine(Path(folder))
        conninfo = await engine.start()
        try:
            await migrate(conninfo)
            async with open_services(Settings(data_dir=Path(folder)), conninfo) as services:
                results = [*await _compare(services), await _tenth(services)]
                await _large(services, Path(folder))
                return results
        finally:
            await engine.stop()
            remove_cluster(Path(folder))


async def _compare(services: Services) -> list[Result]:
    """The first and the second signer of a request, each in turn with the peer on the very bytes that ours
    has before it; CPU of this process; the medians of the rounds' ratios. A third is left to sign.
    """
    document = pages_pdf(4)
    trust = services.trust.named("test", "sandbox")
    peer = BarePyHanko(services.authority, trust.revocation, services.database)
    await peer.prepare()
    rounds: list[list[tuple[float, float]]] = [[], []]
    for number in range(WARM_UP + ROUNDS):
        request = await _requested(services, document, 3)
        for signer, measured in enumerate(rounds):
            before = await _latest(services, request) if signer else document
            await _consent(services, request, signer)
            begun = time.process_time()
            await _sign(services, request)
            between = time.process_time()
            await peer.sign(before)
            ended = time.process_time()
            if number >= WARM_UP:
                measured.append((between - begun, ended - between))
    first, second = rounds
    for whose, measured in (("second", second), ("first", first)):
        ours, theirs = (statistics.median(spent) * 1000 for spent in zip(*measured, strict=True))
        print(f"{whose} signer's step: {ours:.1f} ms of CPU, bare pyHanko: {theirs:.1f} ms")
    against = "bare pyHanko B-LT with a loaded key and the same TSA in process"
    return [
        Result("PAdES-B-LT signing step, CPU", against, _median_ratio(second), 0.95),
        Result(
            "PAdES-B-LT signing step with the audit trail of the first signature, CPU",
            f"{against}, without a trail",
            _median_ratio(first),
            1.6,
        ),
    ]


def _median_ratio(measured: list[tuple[float, float]]) -> float:
    return round(statistics.median(ours / theirs for ours, theirs in measured), 3)


async def _latest(services: Services, request: SignatureRequest) -> bytes:
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.latest_revision(tx, request)
    if revision is None:
        raise LookupError("nothing is signed yet")
    return await services.blobs.read(revision.blob_key)


async def _tenth(services: Services) -> Result:
    """An eleventh is left to sign, so that the tenth does not end the request as well."""
    ratios = []
    for _ in range(REQUESTS_OF_TEN):
        request = await _requested(services, pages_pdf(4), 11)
        spent = []
        for number in range(10):
            await _consent(services, request, number)
            begun = time.process_time()
            await _sign(services, request)
            spent.append(time.process_time() - begun)
        ratios.append(spent[9] / spent[1])
    return Result(
        "PAdES-B-LT signing step of the tenth signer, CPU",
        "the step of the second signer on the same document",
        round(statistics.median(ratios), 3),
        2.0,
    )


async def _large(services: Services, folder: Path) -> None:
    """Said, and not bound: how fast disks are, and hashes in hardware, is the machine's."""
    document = big_pdf(LARGE)
    (folder / "large.pdf").write_bytes(document)
    hashed, signed = [], []
    for _ in range(3):
        request = await _consented(services, document)
        begun = time.perf_counter()
        await _sign(services, request)
        between = time.perf_counter()
        await (await asyncio.create_subprocess_exec("sha256sum", folder / "large.pdf", stdout=DEVNULL)).wait()
        signed.append(LARGE / 1e6 / (between - begun))
        hashed.append(LARGE / 1e6 / (time.perf_counter() - between))
    ours, theirs = statistics.median(signed), statistics.median(hashed)
    print(f"signing step on 50 MB: {ours:.0f} MB/s, sha256sum {theirs:.0f} MB/s, ratio {ours / theirs:.2f}")


async def _consented(services: Services, pdf: bytes) -> SignatureRequest:
    """A request of two signers, the first of whom has agreed; what it cost is not measured."""
    request = await _requested(services, pdf, 2)
    await _consent(services, request, 0)
    return request


async def _requested(services: Services, pdf: bytes, signers: int) -> SignatureRequest:
    scope = await make_scope(services)
    document = await make_document(services, scope, pdf)
    people = tuple(NewSigner("Anna Kowalska", f"a{number}@example.com") for number in range(signers))
    async with services.database.transaction() as tx:
        return await services.ceremonies.open(tx, scope, NewSignatureRequest(document.id, people))


async def _consent(services: Services, request: SignatureRequest, number: int) -> None:
    token = request.signers[number].link_token
    async with services.database.transaction() as tx:
        await services.ceremonies.verify_identity(tx, token, "AZE123456")
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, token)


async def _sign(services: Services, request: SignatureRequest) -> None:
    """Every step from certificate to publication, in their transactions, as the worker does it."""
    scope = request.scope
    payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": request.id}
    again: bool | None = True
    while again:
        async with services.database.transaction() as tx:
            again = await services.job_handlers["ceremonies.sign"].run(tx, payload)
