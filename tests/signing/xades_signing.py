"""Signs with XAdES at any level, with any algorithm, beside what ``ades_signing`` has."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.foundation.signature_algorithms import ES256, PrivateKey, SignatureAlgorithm, algorithm_named
from qsignhub.signing.format import DataObject, Format, Intent, Made
from qsignhub.signing.validation_data import ValidationData
from tests.signing.ades_signing import CLOCK, pki, root_crl, run, status_answer, timestamped

XML_FILE = DataObject("umowa.xml", "application/xml")


class Person:
    """A key of one algorithm, and its certificate under the test PKI."""

    def __init__(self, algorithm: SignatureAlgorithm, number: int) -> None:
        self.algorithm = algorithm
        self.key: PrivateKey = algorithm.generate()
        model = pki().issue(f"Signer {algorithm.name} {number}").certificate
        builder = x509.CertificateBuilder(
            issuer_name=model.issuer,
            subject_name=model.subject,
            public_key=self.key.public_key(),
            serial_number=model.serial_number,
            not_valid_before=model.not_valid_before_utc,
            not_valid_after=model.not_valid_after_utc,
        )
        for one in model.extensions:
            value = one.value
            if isinstance(value, x509.SubjectKeyIdentifier):
                value = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
            builder = builder.add_extension(value, critical=one.critical)
        self.der = builder.sign(pki().issuing.private_key, hashes.SHA256()).public_bytes(Encoding.DER)


@cache
def person(algorithm: str, number: int) -> Person:
    return Person(algorithm_named(algorithm), number)


def validation_data(*signers: bytes) -> ValidationData:
    return ValidationData(
        [*signers, pki().tsa.der, pki().issuing.der, pki().root.der],
        [status_answer(one) for one in (*signers, pki().tsa.der)],
        [root_crl()],
    )


class Signed:
    """A document, and the file with the signatures that it has so far."""

    def __init__(self, form: Format, document: Path, file: Path, data_object: DataObject = XML_FILE) -> None:
        self.form, self.document, self.file, self.data_object = form, document, file, data_object
        self.signers: list[bytes] = []
        self.archived = 0

    async def sign(
        self, level: str, *, by: Person | None = None, statement: str | None = None, name: str | None = None
    ) -> Made:
        """``level`` is B, T or LT."""
        first = not self.signers
        signer = by or person(ES256.name, len(self.signers) + 1)
        self.signers.append(signer.der)
        intent = Intent(
            name or f"Signature-{len(self.signers)}",
            signer.der,
            signer.algorithm,
            CLOCK.now(),
            self.data_object,
            statement=statement,
        )
        prepared = self.form.prepare(
            self.document, None if first else self.file, self.file.with_name("nothing"), intent
        )
        value = signer.algorithm.sign(signer.key, self.form.message(prepared))
        token = None if level == "B" else await timestamped(self.form.imprint(prepared, value, signer.der))
        data = validation_data(signer.der) if level == "LT" else None
        made = Made(
            prepared,
            first,
            self.data_object,
            signer.der,
            signer.algorithm,
            [pki().issuing.der],
            value,
            token,
            data,
        )
        if first:
            shutil.copyfile(self.document, self.file)
        self.form.embed(self.file, made)
        return made

    async def archive(self) -> None:
        self.archived += 1
        target = self.file.with_name(f"{self.file.name}.target")
        prepared = self.form.prepare_archive(
            self.document,
            self.file,
            target,
            name=f"Archive-{self.archived}",
            data=validation_data(*self.signers),
        )
        self.form.complete_archive(target, prepared, [await timestamped(one) for one in prepared.imprints])
        target.replace(self.file)


async def signed_at(level: str, signed: Signed, *signers: Person) -> Signed:
    """``level``: B, T, LT, LTA, or LTA2 with two archive timestamps."""
    for signer in signers:
        await signed.sign(level[:2], by=signer)
    for _ in range({"LTA": 1, "LTA2": 2}.get(level, 0)):
        await signed.archive()
    return signed


def dss(folder: Path) -> Mapping[str, Any]:
    """What DSS says of each file of a folder, by the file's name; skips the test where DSS is not built."""
    built = Path(__file__).resolve().parents[2] / "conformance" / "target"
    if not (built / "conformance.jar").is_file() or shutil.which("java") is None:
        pytest.skip("DSS is not built: cd conformance && mvn -q -B package")
    out = folder.with_name(f"{folder.name}-verdicts")
    root = pki().root.write_pem(folder.with_name(f"{folder.name}-root.pem"))
    said = run(
        *("java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"),
        *("-cp", f"{built}/conformance.jar:{built}/lib/*", "io.qsignhub.conformance.Judge"),
        *("--trust", root, "--offline", "--out", out, folder),
    )
    assert said.returncode == 0, said.stderr
    return {one.stem: json.loads(one.read_text()) for one in sorted(out.glob("*.json"))}
