"""CAdES in every packaging and at every level, judged by DSS and OpenSSL, which we did not write."""

from __future__ import annotations

import hashlib
import resource
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core

from qsignhub.signing.cades import signed_file
from qsignhub.signing.errors import DocumentNotSignable
from tests.signing.ades_signing import pki, run, timestamped, trust_folder
from tests.signing.cades_signing import (
    DATA_OBJECT,
    DOCUMENT,
    PACKAGINGS,
    archived,
    dss,
    form_of,
    person,
    signed,
    signed_once,
    status_of,
)

pytestmark = pytest.mark.tools
ARCHIVE_V3 = "0.4.0.1733.2.4"
EACH = pytest.mark.parametrize("packaging", PACKAGINGS)


def problems(verdict: dict[str, Any]) -> Iterator[str]:
    """All that DSS does not like of a file's signatures and timestamps."""
    yield from [verdict["failure"]] if "failure" in verdict else []
    outer = [*verdict["signatures"], *verdict["timestamps"]]
    for token in [*outer, *(inner for one in outer for inner in one.get("timestamps", ()))]:
        yield from [*token["errors"], *token["warnings"]]
        if token["indication"] not in {"TOTAL_PASSED", "PASSED"}:
            yield f"{token['indication']} {token['sub_indication']}"


def levels(verdict: dict[str, Any]) -> list[str]:
    return sorted(one["format"].removeprefix("CAdES-BASELINE-") for one in verdict["signatures"])


async def begun(packaging: str, folder: Path, name: str = "signed") -> tuple[Path, Path]:
    """A document where DSS finds it, and the file that is to have its signatures."""
    file = folder / "judged" / f"{packaging}-{name}{form_of(packaging).suffix}"
    document = content_of(file)
    document.parent.mkdir(parents=True)
    document.write_bytes(DOCUMENT)
    return document, file


def content_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.content") / DATA_OBJECT.name


def kept(file: Path, name: str) -> None:
    """The file as it is now, to be judged later."""
    copy = file.with_name(f"{name}-{file.name}")
    shutil.copytree(content_of(file).parent, content_of(copy).parent)
    shutil.copyfile(file, copy)


async def test_dss_passes_every_packaging_level_and_algorithm(tmp_path: Path):
    folder = tmp_path / "judged"
    folder.mkdir()
    wanted = {}
    for packaging in PACKAGINGS:
        for level, algorithm, signers in (
            ("LT", "ES256", 2),
            ("LTA", "ES256", 2),
            ("LTA", "ES384", 1),
            ("LTA", "RS256", 1),
            ("LTA", "PS256", 1),
        ):
            file = await signed(packaging, folder, level=level, algorithm=algorithm, signers=signers)
            wanted[file.name] = [level] * signers
    verdicts = dss(folder)
    assert {name: levels(verdict) for name, verdict in verdicts.items()} == wanted
    assert {name: [*problems(verdict)] for name, verdict in verdicts.items()} == {name: [] for name in wanted}


async def test_dss_names_b_b_and_b_t(tmp_path: Path):
    """Without a network it finds no status of the certificates; all else is in order."""
    folder = tmp_path / "judged"
    folder.mkdir()
    for packaging in PACKAGINGS:
        for level in ("B", "T"):
            await signed(packaging, folder, level=level, signers=2)
    for name, verdict in dss(folder).items():
        assert levels(verdict) == [name.split("-")[1]] * 2
        assert {
            (one["indication"], one["sub_indication"], *one["errors"]) for one in verdict["signatures"]
        } == {
            (
                "INDETERMINATE",
                "CERTIFICATE_CHAIN_GENERAL_FAILURE",
                "The certificate validation is not conclusive!",
                "No revocation data found for the certificate!",
            )
        }


async def test_b_t_becomes_b_lta_later_and_is_archived_again(tmp_path: Path):
    for packaging in PACKAGINGS:
        document, file = await begun(packaging, tmp_path)
        form = form_of(packaging)
        for number in (1, 2):
            await signed_once(form, document, file, number, level="T")
        data = status_of(person("ES256", 1).der, person("ES256", 2).der, pki().tsa.der)
        await archived(form, document, file, data)
        for _ in range(2):
            await archived(form, document, file)
    for verdict in dss(tmp_path / "judged").values():
        assert levels(verdict) == ["LTA", "LTA"]
        assert [*problems(verdict)] == []
        # the signature timestamp, and three archive timestamps
        assert [len(one["timestamps"]) for one in verdict["signatures"]] == [4, 4]


async def test_a_signature_after_the_archive_timestamp_breaks_none_before(tmp_path: Path):
    for packaging in PACKAGINGS:
        document, file = await begun(packaging, tmp_path)
        form = form_of(packaging)
        await signed_once(form, document, file, 1)
        await archived(form, document, file)
        await signed_once(form, document, file, 2, algorithm="ES384", statement="For the board")
        kept(file, "between")
        await archived(form, document, file)
    verdicts = dss(tmp_path / "judged")
    assert len(verdicts) == 2 * len(PACKAGINGS)
    for name, verdict in verdicts.items():
        wanted = ["LT", "LTA"] if name.startswith("between") else ["LTA", "LTA"]
        assert (levels(verdict), [*problems(verdict)]) == (wanted, [])


async def test_one_changed_byte_passes_nowhere(tmp_path: Path):
    for packaging in PACKAGINGS:
        for level in ("LT", "LTA"):
            document, file = await begun(packaging, tmp_path, level)
            form = form_of(packaging)
            made = [await signed_once(form, document, file, number) for number in (1, 2)]
            if level == "LTA":
                await archived(form, document, file)
            whole = file.read_bytes()
            for number, needle in enumerate((DOCUMENT, made[0].signature, made[1].signature)):
                changed = file if needle in whole else document
                before = changed.read_bytes()
                at = before.index(needle) + len(needle) - 1
                changed.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
                kept(file, f"changed-{number}")
                changed.write_bytes(before)
    verdicts = dss(tmp_path / "judged")
    passed = {
        name: [one["signed_by"] for one in verdict["signatures"] if one["indication"] == "TOTAL_PASSED"]
        for name, verdict in verdicts.items()
    }
    assert len(passed) == 4 * 2 * len(PACKAGINGS)
    for name, who in passed.items():
        allowed = {
            "changed-0": [],
            "changed-1": ["Signer 2 ES256"],
            "changed-2": ["Signer 1 ES256"],
        }.get(name[:9], ["Signer 1 ES256", "Signer 2 ES256"])
        assert set(who) <= set(allowed), name
        if not name.startswith("changed"):
            assert who == allowed


@pytest.mark.parametrize("packaging", ["attached", "detached"])
async def test_openssl_takes_what_is_archived(tmp_path: Path, packaging: str):
    trust_folder(tmp_path)
    document, file = await begun(packaging, tmp_path)
    for number in (1, 2, 3):
        await signed_once(form_of(packaging), document, file, number)
    await archived(form_of(packaging), document, file)
    content: list[str | Path] = [] if packaging == "attached" else ["-content", document]
    said = run(
        *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", file, *content),
        *("-out", tmp_path / "out", "-CAfile", tmp_path / "root.pem", "-purpose", "any"),
    )
    assert said.returncode == 0, said.stderr
    assert (tmp_path / "out").read_bytes() == DOCUMENT


@EACH
async def test_openssl_takes_every_archive_timestamp(tmp_path: Path, packaging: str):
    trust_folder(tmp_path)
    document, file = await begun(packaging, tmp_path)
    form = form_of(packaging)
    for number in (1, 2):
        await signed_once(form, document, file, number)
    target = tmp_path / "target"
    prepared = form.prepare_archive(document, file, target, name="T", data=status_of(pki().tsa.der))
    form.complete_archive(target, prepared, [await timestamped(one) for one in prepared.imprints])
    tokens = archive_tokens(target, packaging)
    assert len(tokens) == len(prepared.imprints) == (1 if packaging == "asic_e" else 2)
    for token, imprint in zip(tokens, prepared.imprints, strict=True):
        (tmp_path / "token.der").write_bytes(token)
        said = run(
            *("openssl", "ts", "-verify", "-token_in", "-in", tmp_path / "token.der"),
            *("-digest", imprint.hex(), "-CAfile", tmp_path / "root.pem"),
            *("-untrusted", tmp_path / "issuing.pem"),
        )
        assert "Verification: OK" in said.stdout + said.stderr, said.stderr


def archive_tokens(file: Path, packaging: str) -> list[bytes]:
    if packaging == "asic_e":
        with zipfile.ZipFile(file) as archive:
            return [archive.read(name) for name in archive.namelist() if name.endswith(".tst")]
    infos = cms.ContentInfo.load(file.read_bytes())["content"]["signer_infos"]
    return [
        attribute["values"][0].dump()
        for info in infos
        for attribute in info["unsigned_attrs"]
        if attribute["type"].dotted == ARCHIVE_V3
    ]


async def test_the_hash_index_lists_what_is_there_and_stays_right(tmp_path: Path):
    """EN 319 122-1 clause 5.5.2, computed a second time by another library."""
    document, file = await begun("attached", tmp_path)
    form = form_of("attached")
    await signed_once(form, document, file, 1)
    present = hashes_in(file)
    await archived(form, document, file)
    first = index_in(file)
    assert first["certificates"] == present["certificates"]
    assert first["crls"] >= present["crls"]
    assert first["values"] == present["values"]  # the signature timestamp
    await signed_once(form, document, file, 2)
    await archived(form, document, file)
    assert index_in(file) == first
    assert first["certificates"] < hashes_in(file)["certificates"]


def index_in(file: Path) -> dict[str, set[bytes]]:
    """The index of the first archive timestamp of the first signature."""
    info = cms.ContentInfo.load(file.read_bytes())["content"]["signer_infos"][0]
    token = next(one["values"][0] for one in info["unsigned_attrs"] if one["type"].dotted == ARCHIVE_V3)
    unsigned = cms.ContentInfo.load(token.dump())["content"]["signer_infos"][0]["unsigned_attrs"]
    assert [one["type"].dotted for one in unsigned] == ["0.4.0.19122.1.5"]
    algorithm, *lists = core.Sequence.load(unsigned[0]["values"][0].dump()).native.values()
    assert [*algorithm.values()] == ["2.16.840.1.101.3.4.2.1"]
    names = ("certificates", "crls", "values")
    return {name: set(one.values()) for name, one in zip(names, lists, strict=True)}


def hashes_in(file: Path) -> dict[str, set[bytes]]:
    signed_data = cms.ContentInfo.load(file.read_bytes())["content"]
    info = signed_data["signer_infos"][0]
    values = {one["type"].dump() + value.dump() for one in info["unsigned_attrs"] for value in one["values"]}
    return {
        "certificates": {sha256(one.dump()) for one in signed_data["certificates"]},
        "crls": {sha256(one.dump()) for one in signed_data["crls"]},
        "values": {sha256(one) for one in values},
    }


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


async def test_what_is_there_stays_byte_for_byte(tmp_path: Path):
    document, file = await begun("attached", tmp_path)
    form = form_of("attached")
    for number in (1, 2):
        await signed_once(form, document, file, number)
    _, before = signed_file.read(file)
    for _ in range(2):
        await archived(form, document, file)
    await signed_once(form, document, file, 3)
    _, after = signed_file.read(file)
    assert len(after.signer_infos) == 3
    for one, now in zip(before.signer_infos, after.signer_infos, strict=False):
        values = {value.dump() for value in unsigned_values(one)}
        assert signed_fields(now) == signed_fields(one)
        assert values < {value.dump() for value in unsigned_values(now)}
    assert set(before.certificates) < set(after.certificates)
    assert set(before.revocation_values) < set(after.revocation_values)


def signed_fields(signer_info: bytes) -> list[bytes]:
    info = cms.SignerInfo.load(signer_info)
    return [info[name].dump() for name in list(info)[:6]]


def unsigned_values(signer_info: bytes) -> list[Any]:
    info = cms.SignerInfo.load(signer_info)
    return [value for one in info["unsigned_attrs"] for value in one["values"]]


@pytest.mark.parametrize("packaging", ["attached", "detached"])
async def test_b_b_is_plain_cms(tmp_path: Path, packaging: str):
    """RFC 5652 clause 5.1: version 1 without other revocation information; no field is there for nothing."""
    document, file = await begun(packaging, tmp_path)
    await signed_once(form_of(packaging), document, file, 1, level="B")
    signed_data = cms.ContentInfo.load(file.read_bytes())["content"]
    assert signed_data["version"].native == "v1"
    assert signed_data["crls"].native is None
    assert {one.chosen.dump() for one in signed_data["certificates"]} == {
        person("ES256", 1).der,
        pki().issuing.der,
    }
    assert signed_data["signer_infos"][0]["unsigned_attrs"].native is None
    assert (signed_data["encap_content_info"]["content"].native is None) == (packaging == "detached")


@EACH
async def test_a_signature_outside_of_the_document_says_what_it_is_over(tmp_path: Path, packaging: str):
    document, file = await begun(packaging, tmp_path)
    await signed_once(form_of(packaging), document, file, 1)
    said = signed_attributes(file, packaging).get("0.4.0.1733.2.1")
    assert (
        said
        == {
            "attached": None,
            "detached": [DATA_OBJECT.mime_type],
            "asic_e": ["application/xml"],
        }[packaging]
    )


@EACH
async def test_a_statement_is_signed_as_a_claimed_attribute(tmp_path: Path, packaging: str):
    document, file = await begun(packaging, tmp_path)
    statement = "Pieczęć potwierdza: podpisała Anna Kowalska"
    await signed_once(form_of(packaging), document, file, 1, statement=statement)
    (value,) = signed_attributes(file, packaging, native=False)["0.4.0.19122.1.1"]
    assert value["claimed_attributes"].native == [{"type": "2.5.4.13", "values": [statement]}]


def signed_attributes(file: Path, packaging: str, *, native: bool = True) -> dict[str, list[Any]]:
    der = file.read_bytes()
    if packaging == "asic_e":
        with zipfile.ZipFile(file) as archive:
            der = archive.read("META-INF/signature-sgn_1.p7s")
    attributes = cms.ContentInfo.load(der)["content"]["signer_infos"][0]["signed_attrs"]
    return {
        one["type"].dotted: [value.native if native else value for value in one["values"]]
        for one in attributes
    }


@pytest.mark.parametrize("packaging", ["attached", "detached"])
async def test_one_packaging_is_not_another(tmp_path: Path, packaging: str):
    document, file = await begun(packaging, tmp_path)
    await signed_once(form_of(packaging), document, file, 1)
    other = form_of("detached" if packaging == "attached" else "attached")
    with pytest.raises(DocumentNotSignable, match="packag"):
        await signed_once(other, document, file, 2)


@EACH
async def test_fifty_megabytes_are_never_held_in_memory(tmp_path: Path, packaging: str):
    document, file = await begun(packaging, tmp_path)
    form = form_of(packaging)
    await signed_once(form, document, file, 1)
    await archived(form, document, file)
    file.unlink()
    with document.open("wb") as large:
        for _ in range(50):
            large.write(bytes(1024 * 1024))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in (1, 2):
        await signed_once(form, document, file, number)
    await archived(form, document, file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    large_one = packaging != "detached"
    assert (file.stat().st_size > 50 * 1024 * 1024) == large_one
