"""Every algorithm that keys are used with, in every format, through the whole cycle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies.adapters.built_in import BuiltInCertificates
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.signature_algorithms import ALGORITHMS, SignatureAlgorithm
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import SignatureFormat, SignatureRequest
from tests.ceremonies.test_faults import current, run_cycle
from tests.ceremonies.test_formats import PERSON, agreed, request_for, signed_file
from tests.signing.ades_signing import run
from tests.signing.cades_signing import openssl_takes
from tests.signing.test_xades import xmlsec1_verifies
from tests.support.making import make_request, make_scope

pytestmark = [pytest.mark.tools, pytest.mark.xmlsec]

NAMED = {"ES384": "ecdsa-with-SHA384", "RS256": "sha256WithRSAEncryption", "PS256": "rsassaPss"}
CANNOT = {
    ("xades", "PS256"): "Debian's xmlsec1 knows no RSA-PSS",
    ("pades", "PS256"): "Debian's pdfsig knows no RSA-PSS",
}


async def signed_with(
    settings: Settings, conninfo: str, form: SignatureFormat, algorithm: SignatureAlgorithm, folder: Path
) -> Path:
    def with_algorithm(service: TrustService) -> TrustService:
        built_in = service.certificates
        assert isinstance(built_in, BuiltInCertificates)
        other = BuiltInCertificates(built_in._authority, built_in._custody, algorithm)
        return replace(service, certificates=other)

    async with open_services(settings, conninfo, Overrides(trust_service=with_algorithm)) as services:
        request = await wanted(services, form)
        await agreed(services, request)
        await run_cycle(services, request)
        done = await current(services, request)
        assert done.status == "completed"
        return await signed_file(services, done, folder)


async def wanted(services: Services, form: SignatureFormat) -> SignatureRequest:
    if form == "pades":
        return await make_request(services, await make_scope(services), [PERSON, PERSON])
    return await request_for(services, form, PERSON, PERSON)


@pytest.mark.parametrize("algorithm", [ALGORITHMS[name] for name in NAMED], ids=NAMED)
@pytest.mark.parametrize("form", ["pades", "xades", "cades"])
async def test_other_programs_take_it(
    settings: Settings, conninfo: str, tmp_path: Path, form: SignatureFormat, algorithm: SignatureAlgorithm
) -> None:
    file = await signed_with(settings, conninfo, form, algorithm, tmp_path)
    if (form, algorithm.name) in CANNOT:
        if form == "pades":
            assert await pyhanko_takes(file) == 2
        else:
            assert file.read_bytes().count(algorithm.xml_uri.encode()) == 2
        return
    if form == "cades":
        assert openssl_takes(file) == 2
        last = tmp_path / "signature"
        printed = run("openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", last).stdout
        assert f"signatureAlgorithm: \n          algorithm: {NAMED[algorithm.name]}" in printed
    elif form == "xades":
        for number in (1, 2):
            ok, said = xmlsec1_verifies(file, number)
            assert ok, said
    else:
        assert run("pdfsig", file).stdout.count("Signature is Valid") >= 2
        assert await pyhanko_takes(file) == 2


async def pyhanko_takes(file: Path) -> int:
    """How many signatures pyHanko finds intact, valid and of a chain that it trusts."""
    root = load_cert_from_pemder(str(file.parent / "root.pem"))
    found = 0
    with file.open("rb") as content:
        for signature in PdfFileReader(content).embedded_regular_signatures:
            status = await async_validate_pdf_signature(
                signature, ValidationContext(trust_roots=[root], allow_fetching=False)
            )
            found += bool(status.intact and status.valid and status.trusted)
    return found
