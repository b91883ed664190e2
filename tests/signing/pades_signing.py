"""Signs PDFs as the cycle does, at any level, and the documents that are signed; judged by tools not ours."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.signing.format import Attachment, Intent, Made
from qsignhub.signing.pades.appearance import Appearance, FieldPlacement
from qsignhub.signing.pades.format import PAdES
from qsignhub.signing.validation_data import ValidationData
from tests.pdfs import one_page_pdf
from tests.pki import LoadedKey
from tests.signing.ades_signing import (
    CLOCK,
    DATA_OBJECT,
    people,
    pki,
    root_crl,
    run,
    status_answer,
    timestamped,
)

FORM = PAdES()
VISIBLE = Appearance(FieldPlacement(1, 60, 60, 180, 60), "Anna Kowalska", "qes", sandbox=False)


def validation_data(person: LoadedKey | None = None) -> ValidationData:
    """Of a signer's certificate and the timestamp authority's; of the latter alone."""
    asked = [pki().tsa.der] if person is None else [person.der, pki().tsa.der]
    return ValidationData(
        [*asked, pki().issuing.der, pki().root.der], [status_answer(one) for one in asked], [root_crl()]
    )


async def sign(
    file: Path,
    number: int = 1,
    *,
    level: str = "B-LT",
    statement: str | None = None,
    appearance: Appearance | None = None,
    attachment: Attachment | None = None,
) -> Made:
    """``file`` gets the signature of person ``number``; at B-LTA a document timestamp too."""
    person = people()[number - 1]
    intent = Intent(f"Signature-{number}", person.der, ES256, CLOCK.now(), DATA_OBJECT, [pki().issuing.der])
    intent = replace(intent, statement=statement, appearance=appearance, attachment=attachment)
    target = file.with_name("target")
    prepared = FORM.prepare(file, None if number == 1 else file, target, intent)
    value = ES256.sign(person.private_key, FORM.message(prepared))
    token = None if level == "B-B" else await timestamped(FORM.imprint(prepared, value, person.der))
    data = validation_data(person) if level in {"B-LT", "B-LTA"} else None
    made = Made(
        prepared, number == 1, DATA_OBJECT, person.der, ES256, [pki().issuing.der], value, token, data
    )
    FORM.embed(target, made)
    target.replace(file)
    if level == "B-LTA":
        await archive(file, f"Timestamp-{number}")
    return made


async def archive(file: Path, name: str) -> None:
    target = file.with_name("target")
    prepared = FORM.prepare_archive(file, file, target, name=name, data=validation_data())
    FORM.complete_archive(target, prepared, [await timestamped(one) for one in prepared.imprints])
    target.replace(file)


def with_object_streams(pdf: bytes) -> bytes:
    """The same in a cross-reference stream and object streams, by qpdf."""
    return _by_qpdf(pdf, "--object-streams=generate")


def linearised(pdf: bytes) -> bytes:
    return _by_qpdf(pdf, "--linearize")


def pdf_2_0(pdf: bytes) -> bytes:
    return _by_qpdf(pdf, "--force-version=2.0")


def rotated_and_cropped() -> bytes:
    media = b"[-50 -20 545 822]/CropBox[0 0 400 600]/Rotate 90"
    return one_page_pdf(media_box=media)


def _by_qpdf(pdf: bytes, option: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.pdf"), Path(folder, "out.pdf")
        source.write_bytes(pdf)
        assert run("qpdf", option, source, out).returncode == 0
        return out.read_bytes()
