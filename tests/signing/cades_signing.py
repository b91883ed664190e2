"""Signs files as CAdES in any packaging, at any level, with any algorithm; and DSS, which judges them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from qsignhub.foundation.signature_algorithms import ALGORITHMS, PrivateKey
from qsignhub.signing.format import DataObject, Format, Intent, Made
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.validation_data import ValidationData
from tests.signing.ades_signing import CLOCK, pki, root_crl, run, status_answer, timestamped

LEVELS: Final = ("B", "T", "LT", "LTA")
PACKAGINGS: Final = ("attached", "detached", "asic_e")
DATA_OBJECT = DataObject(
    "Umowa nr 1 żółć.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)
DOCUMENT = bytes(range(256)) * 50
_CONFORMANCE: Final = Path(__file__).parents[2] / "conformance" / "target"


@dataclass(frozen=True)
class Person:
    key: PrivateKey
    der: bytes


@cache
def _key(algorithm: str) -> PrivateKey:
    return ALGORITHMS[algorithm].generate()


@cache
def person(algorithm: str, number: int) -> Person:
    """A certificate of the test PKI whose key is one of this algorithm's."""
    key = _key(algorithm)
    like = pki().issue(f"Signer {number} {algorithm}").certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(like.issuer)
        .public_key(key.public_key())
        .serial_number(like.serial_number)
        .not_valid_before(like.not_valid_before_utc)
        .not_valid_after(like.not_valid_after_utc)
    )
    for extension in like.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    signed = builder.sign(pki().issuing.private_key, hashes.SHA256())
    return Person(key, signed.public_bytes(serialization.Encoding.DER))


def form_of(packaging: str) -> Format:
    return FORMATS["cades", packaging]


def status_of(*certificates: bytes) -> ValidationData:
    return ValidationData(
        [*certificates, pki().issuing.der, pki().root.der],
        [status_answer(one) for one in certificates],
        [root_crl()],
    )


async def signed_once(
    form: Format,
    document: Path,
    file: Path,
    number: int,
    *,
    level: str = "LT",
    algorithm: str = "ES256",
    statement: str | None = None,
) -> Made:
    """``file`` gets person ``number``'s signature; it is made if it is not there."""
    who, how = person(algorithm, number), ALGORITHMS[algorithm]
    first = not file.exists()
    intent = Intent(
        f"Signature-sgn_{number}", who.der, how, CLOCK.now(), DATA_OBJECT, [pki().issuing.der], statement
    )
    prepared = form.prepare(document, None if first else file, file.with_name("target"), intent)
    value = how.sign(who.key, form.message(prepared))
    if first:
        shutil.copyfile(document, file)
    token = None if level == "B" else await timestamped(form.imprint(prepared, value, who.der))
    data = status_of(who.der, pki().tsa.der) if level in {"LT", "LTA"} else None
    made = Made(prepared, first, DATA_OBJECT, who.der, how, [pki().issuing.der], value, token, data)
    form.embed(file, made)
    return made


async def archived(form: Format, document: Path, file: Path, data: ValidationData | None = None) -> int:
    """Archive timestamps over all of it; how many."""
    target = file.with_name("archived")
    data = data or status_of(pki().tsa.der)
    prepared = form.prepare_archive(document, file, target, name="Timestamp-1", data=data)
    tokens = [await timestamped(one) for one in prepared.imprints]
    form.complete_archive(target, prepared, tokens)
    target.replace(file)
    return len(tokens)


async def signed(
    packaging: str, folder: Path, *, level: str, algorithm: str = "ES256", signers: int = 1
) -> Path:
    """A file in ``folder`` that DSS can be given, the detached document beside it."""
    form = form_of(packaging)
    file = folder / f"{packaging}-{level}-{algorithm}-{signers}{form.suffix}"
    content = folder / f"{file.name}.content"
    content.mkdir()
    document = content / DATA_OBJECT.name
    document.write_bytes(DOCUMENT)
    for number in range(1, signers + 1):
        await signed_once(form, document, file, number, level=level, algorithm=algorithm)
    if level == "LTA":
        await archived(form, document, file)
    if packaging != "detached":
        shutil.rmtree(content)
    return file


def entries(file: Path) -> dict[str, bytes]:
    """Of a container."""
    with zipfile.ZipFile(file) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def openssl_takes(file: Path) -> int:
    """How many signatures a container has; OpenSSL takes each over its manifest (root.pem is beside it)."""
    inside, folder = entries(file), file.parent
    signatures = [name for name in inside if name.endswith(".p7s")]
    for name in signatures:
        over = name.replace("signature-", "ASiCManifest-").replace(".p7s", ".xml")
        (folder / "signature").write_bytes(inside[name])
        (folder / "manifest").write_bytes(inside[over])
        said = run(
            *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER"),
            *("-in", folder / "signature", "-content", folder / "manifest", "-out", folder / "out"),
            *("-CAfile", folder / "root.pem", "-purpose", "any"),
        )
        assert said.returncode == 0, said.stderr
    return len(signatures)


def dss(folder: Path) -> Mapping[str, Any]:
    """What DSS says of each file of a folder; skips the test where DSS is not built."""
    jar = _CONFORMANCE / "conformance.jar"
    if not jar.is_file() or shutil.which("java") is None:
        pytest.skip("DSS is not built: cd conformance && mvn -q -B package")
    out = folder.with_name(f"{folder.name}-verdicts")
    root = pki().root.write_pem(folder.with_name("dss-root.pem"))
    said = run(
        *("java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{jar}:{_CONFORMANCE / 'lib'}/*"),
        *("io.qsignhub.conformance.Judge", "--trust", root, "--offline", "--out", out, folder),
    )
    assert said.returncode == 0, said.stderr
    return {one.stem: json.loads(one.read_text()) for one in sorted(out.glob("*.json"))}
