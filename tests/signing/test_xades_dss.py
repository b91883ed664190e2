"""XAdES in every packaging at every level, judged by DSS, the European Commission's validator.

B-B and B-T carry no status of the certificates, and nobody is asked for one here: that, and only that, DSS
misses of them.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from qsignhub.signing.asic import container
from qsignhub.signing.content import Content
from qsignhub.signing.document_name import entry_name
from qsignhub.signing.format import DataObject
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.xades.names import NAMESPACES
from tests.signing.xades_signing import Signed, dss, person, signed_at

pytestmark = pytest.mark.tools

PACKAGINGS = ("enveloped", "enveloping", "detached", "asic_e")
EACH_PACKAGING = pytest.mark.parametrize("packaging", PACKAGINGS)
XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- one --><?a b?>\n<umowa xmlns="urn:x" xmlns:q="urn:q">'
    '<strona q:a="1">Żółć</strona><![CDATA[<raw>&]]><kwota>100</kwota>\n</umowa>\n<!-- two -->\n'
).encode()
OCTETS = bytes(range(256)) * 100
ANY_FILE = DataObject("umowa łódź (1) + 50%: #2?.bin", "application/octet-stream")
STATUS_MISSING = {
    "The certificate validation is not conclusive!",
    "No revocation data found for the certificate!",
}
STATEMENT = "Potwierdza: Jan Żółć <jan@example.com> & spółka 🖋"
CELLS: Mapping[str, tuple[str, list[str]]] = {
    "b": ("B", ["PS256"]),
    "t": ("T", ["ES384"]),
    "lt": ("LT", ["ES256", "RS256"]),
    "lta": ("LTA", ["ES256"]),
    "lta-five": ("LTA", ["ES256", "ES384", "RS256", "PS256", "ES256"]),
    "lta-again": ("LTA2", ["ES384", "ES256"]),
}
TIMESTAMPS = {"B": 0, "T": 1, "LT": 1, "LTA": 2, "LTA2": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files that DSS is asked about, at once: it takes longer to start than to judge."""
    folder = tmp_path_factory.mktemp("xades") / "judged"
    folder.mkdir()
    asyncio.run(make_all(folder))
    return folder


@pytest.fixture(scope="module")
def verdicts(folder: Path) -> Mapping[str, Any]:
    return dss(folder)


async def make_all(folder: Path) -> None:
    for packaging in PACKAGINGS:
        for name, (level, algorithms) in CELLS.items():
            people = [person(algorithm, number) for number, algorithm in enumerate(algorithms)]
            await signed_at(level, started(packaging, folder, name), *people)
        raised = started(packaging, folder, "raised")
        await raised.sign("T", by=person("ES256", 0))
        await raised.sign("LT", by=person("ES256", 1))
        await raised.archive()
        late = started(packaging, folder, "late")
        shutil.copyfile(raised.file, late.file)
        late.signers, late.archived = list(raised.signers), 1
        await late.sign("LT", by=person("ES256", 2))
        await late.archive()
        await started(packaging, folder, "said").sign("LT", statement=STATEMENT)
        change_one_byte(packaging, folder)
    twenty = started("enveloping", folder, "twenty")
    await signed_at("LTA", twenty, *(person("ES256", number) for number in range(20)))


def file_of(packaging: str, folder: Path, name: str) -> Path:
    return folder / f"{packaging}.{name}{FORMATS['xades', packaging].suffix}"


def started(packaging: str, folder: Path, name: str) -> Signed:
    inside = packaging.startswith("envelop")
    document = folder.with_name("document")
    document.write_bytes(XML if inside else OCTETS)
    signed = Signed(FORMATS["xades", packaging], document, file_of(packaging, folder, name))
    if not inside:
        signed.data_object = ANY_FILE
    if packaging == "detached":
        put_beside(signed.file, OCTETS)
    return signed


def put_beside(file: Path, content: bytes) -> None:
    folder = file.with_name(f"{file.name}.content")
    folder.mkdir()
    (folder / entry_name(ANY_FILE.name)).write_bytes(content)


def change_one_byte(packaging: str, folder: Path) -> None:
    """Of ``lta-five``: in the first signature's value, in its signed time, and in the document."""
    whole = file_of(packaging, folder, "lta-five")
    first = signatures(packaging, whole)[0]
    for name, path in (("value", "ds:SignatureValue"), ("time", ".//xades:SigningTime")):
        needle = first.findtext(path, "", NAMESPACES).encode()
        changed = file_of(packaging, folder, f"changed-{name}")
        if packaging == "asic_e":
            present = container.read(whole)
            entry = "META-INF/signatures001.xml"
            metadata = {**present.metadata, entry: flipped(present.metadata[entry], needle)}
            container.write(changed, replace(present, metadata=metadata))
        else:
            changed.write_bytes(flipped(whole.read_bytes(), needle))
        if packaging == "detached":
            put_beside(changed, OCTETS)
    changed = file_of(packaging, folder, "changed-document")
    if packaging == "detached":
        shutil.copyfile(whole, changed)
        put_beside(changed, flipped(OCTETS, b"abc"))
    elif packaging == "asic_e":
        document = folder.with_name("changed")
        document.write_bytes(flipped(OCTETS, b"abc"))
        present = container.read(whole)
        container.write(changed, replace(present, content=Content.of(document)))
    else:
        changed.write_bytes(flipped(whole.read_bytes(), b"100"))


def flipped(data: bytes, needle: bytes) -> bytes:
    at = data.index(needle) + 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def signatures(packaging: str, file: Path) -> list[etree._Element]:
    path = f"{{{NAMESPACES['ds']}}}Signature"
    if packaging != "asic_e":
        return list(etree.parse(file).iter(path))
    metadata = container.read(file).metadata
    files = [content for name, content in metadata.items() if name.startswith("META-INF/signatures")]
    return [signature for content in files for signature in etree.fromstring(content).iter(path)]


def assert_passed(verdict: Mapping[str, Any], level: str, *timestamps: int) -> None:
    """A signature with so many timestamps each, in their order."""
    assert [len(one["timestamps"]) for one in verdict["signatures"]] == list(timestamps), verdict
    for one in verdict["signatures"]:
        assert one["format"] == f"XAdES-BASELINE-{level}", verdict
        for token, passed in [(one, "TOTAL_PASSED"), *((token, "PASSED") for token in one["timestamps"])]:
            if level in {"B", "T"}:
                assert {*token["errors"], *token["warnings"]} == STATUS_MISSING, verdict
            else:
                assert (token["indication"], token["errors"], token["warnings"]) == (passed, [], []), verdict


@EACH_PACKAGING
@pytest.mark.parametrize("cell", CELLS)
def test_dss_takes_every_level_and_algorithm(verdicts: Mapping[str, Any], packaging: str, cell: str):
    level, algorithms = CELLS[cell]
    verdict = verdicts[file_of(packaging, Path(), cell).name]
    assert_passed(verdict, level.rstrip("2"), *[TIMESTAMPS[level]] * len(algorithms))


@EACH_PACKAGING
def test_signatures_below_lt_are_raised_with_those_that_reach_it(
    verdicts: Mapping[str, Any], folder: Path, packaging: str
):
    """B-T becomes B-LT in its own properties; what is new for the others goes to TimeStampValidationData."""
    file = file_of(packaging, folder, "raised")
    assert_passed(verdicts[file.name], "LTA", 2, 2)
    raised, other = signatures(packaging, file)
    assert raised.find(".//xades:RevocationValues", NAMESPACES) is not None
    assert raised.find(".//xades141:TimeStampValidationData", NAMESPACES) is None
    assert other.find(".//xades141:TimeStampValidationData", NAMESPACES) is not None


@EACH_PACKAGING
def test_one_may_sign_after_the_archive_timestamp(verdicts: Mapping[str, Any], packaging: str):
    verdict = verdicts[file_of(packaging, Path(), "late").name]
    assert_passed(verdict, "LTA", 3, 3, 2)


def test_twenty_sign_around_a_document(verdicts: Mapping[str, Any]):
    assert_passed(verdicts["enveloping.twenty.xml"], "LTA", *[2] * 20)


@EACH_PACKAGING
def test_what_the_signer_says_beside_is_signed(verdicts: Mapping[str, Any], folder: Path, packaging: str):
    file = file_of(packaging, folder, "said")
    (signature,) = signatures(packaging, file)
    path = ".//xades:SignedProperties//xades:SignerRoleV2/xades:ClaimedRoles/xades:ClaimedRole"
    assert signature.findtext(path, namespaces=NAMESPACES) == STATEMENT
    assert_passed(verdicts[file.name], "LT", 1)


@EACH_PACKAGING
@pytest.mark.parametrize(("what", "broken"), [("value", 1), ("time", 1), ("document", 5)])
def test_dss_refuses_one_changed_byte(verdicts: Mapping[str, Any], packaging: str, what: str, broken: int):
    """Of one signature, that one only; of the document, all five."""
    found = verdicts[file_of(packaging, Path(), f"changed-{what}").name]["signatures"]
    assert [one["indication"] for one in found].count("TOTAL_FAILED") == broken, found
