"""Every format and packaging comes to B-LTA by the same cycle: with a signature whose status came late, and
again years later; judged by DSS.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from qsignhub.bootstrap import Services
from qsignhub.ceremonies.adapters import built_in
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import (
    SIGNED_FILE,
    NewSignatureRequest,
    NewSigner,
    Packaging,
    SignatureFormat,
    SignatureRequest,
)
from qsignhub.signing.formats import FORMATS
from tests.ceremonies.judge import judged
from tests.ceremonies.test_extension import BEGINNING, DUE, SIGNED, Timeline, content, extend
from tests.ceremonies.test_faults import PERSON, current, run_cycle
from tests.ceremonies.test_late_status import consent, opened
from tests.pdfs import one_page_pdf
from tests.support.making import make_document, make_file, make_scope

EVERY = pytest.mark.parametrize(("form", "packaging"), [key for key in FORMATS if key[0] != "pades"])
CONTENTS = {
    "xades": (b"<umowa><strona>A</strona></umowa>", "application/xml"),
    "cades": (b"any bytes\r\n", "text/plain"),
}


async def identified(
    services: Services, form: SignatureFormat, packaging: Packaging, signers: int
) -> SignatureRequest:
    scope = await make_scope(services)
    document = (
        await make_document(services, scope, one_page_pdf())
        if form == "pades"
        else await make_file(services, scope, *CONTENTS[form])
    )
    people = tuple(NewSigner(f"Signer {number}", PERSON) for number in range(1, signers + 1))
    new = NewSignatureRequest(document.id, people, format=form, packaging=packaging)
    async with services.database.transaction() as tx:
        request = await services.ceremonies.open(tx, scope, new)
    for signer in request.signers:
        async with services.database.transaction() as tx:
            await services.ceremonies.verify_identity(tx, signer.link_token, "AZE123456")
    return request


async def judge_it(
    services: Services, request: SignatureRequest, folder: Path, level: str, signatures: int
) -> None:
    name = SIGNED_FILE[request.format, request.packaging][0]
    if request.packaging == "detached":
        async with services.database.transaction() as tx:
            document = await services.documents.get(tx, request.scope, request.document_id)
        beside = folder / "files" / f"{name}.content"
        beside.mkdir(parents=True, exist_ok=True)
        (beside / document.file_name).write_bytes(await services.blobs.read(document.blob_key))
    signed = await content(services, request)
    judged(folder, signed, services.authority.root, level, signatures, name=name)


@EVERY
async def test_a_status_that_comes_late_is_put_in_with_the_seal(
    settings: Settings,
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
    form: SignatureFormat,
    packaging: Packaging,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(built_in._PROFILES, ("qes", False), "signer-qes")
    async with opened(settings, conninfo, BEGINNING + timedelta(days=1828)) as world:
        request = await identified(world.services, form, packaging, 2)
        await consent(world, request, 0)
        await world.signed_with_an_older_answer(request)
        await run_cycle(world.services, request)
        await consent(world, request, 1)
        await run_cycle(world.services, request)
        assert [one.level for one in await world.signings(request)] == ["B-T", "B-LT", None]
        world.answers.over()
        world.clock.advance(timedelta(hours=1))
        await run_cycle(world.services, request)
        request = await current(world.services, request)
        assert request.status == "completed"
        level = f"{form.upper()[0]}AdES-BASELINE-LTA"
        await judge_it(world.services, request, tmp_path, level, 2)


@EVERY
async def test_the_file_outlives_the_certificate_of_its_timestamp(
    settings: Settings, conninfo: str, form: SignatureFormat, packaging: Packaging, tmp_path: Path
) -> None:
    timeline = Timeline(settings, conninfo)
    async with timeline.at(BEGINNING):
        pass
    async with timeline.at(SIGNED) as services:
        request = await identified(services, form, packaging, 2)
        for signer in request.signers:
            async with services.database.transaction() as tx:
                await services.ceremonies.consent(tx, signer.link_token)
        await run_cycle(services, request)
        request = await current(services, request)
        assert request.status == "completed"
    async with timeline.at(DUE) as services:
        assert await extend(services, request) == 1
        await judge_it(services, request, tmp_path, f"{form.upper()[0]}AdES-BASELINE-LTA", 2)
