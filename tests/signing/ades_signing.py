"""Signs files in any format with a test PKI, a real timestamp responder and a real OCSP responder."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.revocation.crl import build_crl
from qsignhub.revocation.model import CertificateStatus
from qsignhub.revocation.request import build_request
from qsignhub.revocation.responder import OcspResponder
from qsignhub.signing.format import DataObject, Format, Intent, Made, Prepared
from qsignhub.signing.validation_data import ValidationData
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.responder import TimestampResponder
from tests.pki import DAY, TSA_POLICY, LoadedKey, TestPki

CLOCK = SystemClock()
DATA_OBJECT = DataObject("umowa.xml", "application/xml")


@cache
def pki() -> TestPki:
    return TestPki()


@cache
def people() -> tuple[LoadedKey, ...]:
    return tuple(pki().issue(f"Signer {number}") for number in range(1, 21))


def trust_folder(folder: Path) -> Path:
    """``root.pem`` and ``issuing.pem`` for the judges."""
    pki().root.write_pem(folder / "root.pem")
    pki().issuing.write_pem(folder / "issuing.pem")
    return folder


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
    )


def prepared_by(form: Format, file: Path, person: LoadedKey, number: int, *, first: bool) -> Prepared:
    """``file`` is the document (``first``), or what is signed of it so far."""
    document = file.with_name(f"{file.name}.document")
    if first:
        shutil.copyfile(file, document)
    intent = Intent(f"Signature-{number}", person.der, ES256, CLOCK.now(), DATA_OBJECT)
    return form.prepare(document, None if first else file, file.with_name("target"), intent)


def signature_value(form: Format, person: LoadedKey, prepared: Prepared) -> bytes:
    return ES256.sign(person.private_key, form.message(prepared))


async def timestamped(imprint: bytes) -> bytes:
    responder = TimestampResponder(
        certificate=pki().tsa.der,
        chain=[pki().issuing.der],
        sign=pki().tsa.sign,
        policy=TSA_POLICY,
        clock=CLOCK,
    )
    authority = InProcessTimestampAuthority(responder, clock=CLOCK, anchors=[pki().root.der])
    return (await authority.timestamp(imprint)).der


def status_answer(certificate: bytes) -> bytes:
    issuing, ocsp = pki().issuing, pki().ocsp
    responder = OcspResponder(issuer=issuing.der, certificate=ocsp.der, sign=ocsp.sign, clock=CLOCK)
    request = build_request(certificate, issuing.der, nonce=None)
    return responder.respond(request, lambda _: CertificateStatus.good())


@cache
def root_crl() -> bytes:
    return build_crl(
        issuer=pki().root.der,
        sign=pki().root.sign,
        revoked=[],
        number=1,
        this_update=pki().now,
        next_update=pki().now + DAY,
    )


async def add_signature(form: Format, file: Path, person: LoadedKey, number: int, *, first: bool) -> Made:
    prepared = prepared_by(form, file, person, number, first=first)
    value = signature_value(form, person, prepared)
    token = await timestamped(form.imprint(prepared, value, person.der))
    data = ValidationData(
        [person.der, pki().tsa.der, pki().issuing.der, pki().root.der],
        [status_answer(person.der), status_answer(pki().tsa.der)],
        [root_crl()],
    )
    made = Made(prepared, first, DATA_OBJECT, person.der, ES256, [pki().issuing.der], value, token, data)
    form.embed(file, made)
    return made


async def signed_by_all(form: Format, document: bytes, file: Path, signers: int) -> list[Made]:
    """``file`` becomes the document signed by that many people, one after the other."""
    file.write_bytes(document)
    return [
        await add_signature(form, file, person, number, first=number == 1)
        for number, person in enumerate(people()[:signers], 1)
    ]


def copied(file: Path, name: str) -> Path:
    return Path(shutil.copyfile(file, file.with_name(name)))
