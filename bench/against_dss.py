"""B-LT signatures by each format, against DSS in a warm JVM: signatures a second of one core.

Equal documents, signer's key and certificate (P-256), chain and status data, all at hand before the clock
starts; each makes its timestamp in process, with the same TSA key. Bytes in, bytes out, nothing kept. CPU of
the thread that signs; of the JVM what collects garbage and compiles is left out. Ours is the format alone
(prepare, sign, timestamp, embed), as DSS's is: no certificate is issued, no journal is written. DSS validates
its own signature before it adds the status data, which is a part of what it costs.

The peak of memory is that of the whole process, each in one of its own.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from conformance.programs import ProgramFailed, ProgramMissing
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from tests.pdfs import pages_pdf
from tests.pki import LoadedKey
from tests.signing.ades_signing import pki, root_crl, status_answer, timestamped

from bench.results import Result
from conformance import dss
from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.signing.format import DataObject, Intent, Made
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.validation_data import ValidationData

ROUNDS = 20
_PASSWORD = b"speed"
_XML = b"<order>" + b"<line><item>Lease</item><amount>1200</amount></line>" * 200 + b"</order>"
_CASES: Mapping[str, tuple[str, str, str]] = {
    "pades": ("enveloped", "document.pdf", "application/pdf"),
    "xades": ("enveloped", "document.xml", "application/xml"),
    "cades": ("attached", "document.pdf", "application/pdf"),
}


def measure() -> list[Result]:
    """Nothing where Java or Maven is not there, which is said."""
    try:
        dss.build()
    except (ProgramMissing, ProgramFailed) as failure:
        print(f"DSS: not measured, {failure}")
        return []
    with tempfile.TemporaryDirectory(prefix="qsignhub-bench-") as name:
        folder = Path(name)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            ours = pool.submit(_ours, folder).result()
        done = subprocess.run(
            dss.command("Speed", str(ROUNDS), folder), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ProgramFailed(f"DSS signed nothing: {done.stderr.strip()[-2000:]}")
        theirs = json.loads(done.stdout)
    return [_compared(name, ours, theirs) for name in _CASES] + [
        Result(
            "B-LT in every format, peak memory of the process",
            "DSS in a JVM with its own settings",
            round(ours["peak_memory_kib"] / theirs["peak_memory_kib"], 3),
            1.0,
        )
    ]


def _compared(name: str, ours: Mapping[str, float], theirs: Mapping[str, float]) -> Result:
    print(f"{name} B-LT: {1 / ours[name]:.0f} a second of a core, DSS {1 / theirs[name]:.0f}")
    return Result(
        f"{name} B-LT signatures a second of a core",
        "DSS in a warm JVM, the same key, document and status data (reported, no bound)",
        round(theirs[name] / ours[name], 3),
        0.0,
        at_least=True,
    )


def _ours(folder: Path) -> dict[str, float]:
    """Seconds of CPU for each format; leaves in ``folder`` what DSS is to sign with."""
    signer, tsa = pki().signer, pki().tsa
    _keep(folder / "signer.p12", b"signer", signer)
    _keep(folder / "tsa.p12", b"tsa", tsa)
    status = {"ocsp-signer.der": status_answer(signer.der), "ocsp-tsa.der": status_answer(tsa.der)}
    files = status | {"root.crl": root_crl(), "root.der": pki().root.der}
    for name, content in (files | {"document.pdf": pages_pdf(4), "document.xml": _XML}).items():
        (folder / name).write_bytes(content)
    data = ValidationData(
        [signer.der, tsa.der, pki().issuing.der, pki().root.der], list(status.values()), [root_crl()]
    )
    found = {name: _seconds(_signing(folder, name, data)) for name in _CASES}
    return found | {"peak_memory_kib": _peak_memory()}


def _seconds(sign: Callable[[], None]) -> float:
    each = []
    for _ in range(ROUNDS + 5):
        begun = time.thread_time()
        sign()
        each.append(time.thread_time() - begun)
    return statistics.median(each[5:])


def _signing(folder: Path, name: str, data: ValidationData) -> Callable[[], None]:
    packaging, file_name, mime_type = _CASES[name]
    form, signer, chain = FORMATS[name, packaging], pki().signer, [pki().issuing.der]
    document, target = folder / file_name, folder / "target"
    data_object = DataObject(file_name, mime_type)

    async def sign() -> None:
        intent = Intent("Signature-1", signer.der, ES256, datetime.now(UTC), data_object, chain)
        prepared = form.prepare(document, None, target, intent)
        signature = ES256.sign(signer.private_key, form.message(prepared))
        token = await timestamped(form.imprint(prepared, signature, signer.der))
        if prepared.reserved is None:
            shutil.copyfile(document, target)
        made = Made(prepared, True, data_object, signer.der, ES256, chain, signature, token, data)
        form.embed(target, made)

    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(sign())


def _keep(path: Path, name: bytes, key: LoadedKey) -> None:
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            name, key.private_key, key.certificate, list(key.issuers), BestAvailableEncryption(_PASSWORD)
        )
    )


def _peak_memory() -> int:
    """Resident, in KiB (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
