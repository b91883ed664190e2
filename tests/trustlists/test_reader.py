from __future__ import annotations

import base64
import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from qsignhub.trustlists import reader, uris
from qsignhub.trustlists.errors import TrustedListMalformed, TrustedListStale, TrustedListUnsigned
from qsignhub.trustlists.model import Criteria, Qualification, ServiceState
from qsignhub.trustlists.reader import parse, read_trusted_list
from qsignhub.trustlists.structure import read_structure
from tests.conftest import SHARED
from tests.trustlists.lists import CA, LIST_SIGNER, NOW, Listed, certificate, listing, written

LISTS = SHARED / "trustlists"
REAL = sorted(path.relative_to(LISTS).as_posix() for path in LISTS.glob("*/*.xml"))

RICH = Listed(
    informations=frozenset({uris.FOR_ESIGNATURES, uris.FOR_ESEALS}),
    qualifications=(
        Qualification(
            frozenset({uris.QC_STATEMENT, uris.QC_FOR_ESIG}),
            Criteria(
                "all",
                key_usages=((("nonRepudiation", True), ("digitalSignature", False)),),
                policy_sets=(frozenset({"1.2.3", "1.2.4"}),),
                extended_key_usages=(frozenset({"1.3.6.1.5.5.7.3.4"}),),
                subject_attributes=(frozenset({"2.5.4.5"}),),
                nested=(Criteria("none", policy_sets=(frozenset({"1.2.5"}),)),),
            ),
        ),
    ),
    history=(ServiceState(uris.CA_QC, uris.WITHDRAWN, NOW - timedelta(days=9000)),),
).service()


@pytest.mark.parametrize("version", [5, 6])
def test_what_was_written_is_read(version: int) -> None:
    content = listing(RICH, version=version)
    assert read_trusted_list(written(content), [CA, LIST_SIGNER], NOW) == content


@pytest.mark.xmlsec
def test_xmlsec_accepts_the_signature(tmp_path: Path) -> None:
    """``--id-attr``: xmlsec1 has to be told which attributes the two fragment references mean."""
    file, trust = tmp_path / "tl.xml", tmp_path / "signer.der"
    trust.write_bytes(LIST_SIGNER)
    command = ["xmlsec1", "--verify", "--pubkey-cert-der", str(trust), "--enabled-key-data", "key-name"]
    for name in ("SignedProperties", "KeyInfo"):
        space = "http://uri.etsi.org/01903/v1.3.2#" if name == "SignedProperties" else uris.DS_XML[1:-1]
        command += ["--id-attr:Id", f"{space}:{name}"]
    file.write_bytes(written(listing(RICH)))
    good = subprocess.run([*command, str(file)], capture_output=True, text=True)
    assert good.returncode == 0, good.stderr
    file.write_bytes(file.read_bytes().replace(b"The provider", b"The intruder"))
    assert subprocess.run([*command, str(file)], capture_output=True).returncode != 0


def test_a_changed_list_is_refused() -> None:
    changed = written(listing(RICH)).replace(b"The provider", b"The intruder")
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(changed, [LIST_SIGNER], NOW)


def test_a_stranger_as_signer_is_refused() -> None:
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(written(listing(RICH)), [CA], NOW)


def test_a_signature_by_another_key_is_refused() -> None:
    forged = written(listing(RICH), ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(forged, [LIST_SIGNER], NOW)


def signature_of(root: etree._Element) -> etree._Element:
    found = root.find(uris.DS_XML + "Signature")
    assert found is not None
    return found


def test_an_unsigned_list_is_refused() -> None:
    root = etree.fromstring(written(listing(RICH)))
    root.remove(signature_of(root))
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(etree.tostring(root), [LIST_SIGNER], NOW)


def test_what_is_wrapped_around_a_signed_list_is_not_read() -> None:
    """The signature of a small list inside of a forged one vouches for the forged one in no way."""
    forged = etree.fromstring(written(listing(RICH)))
    genuine = etree.fromstring(written(listing()))
    forged.replace(signature_of(forged), signature_of(genuine))
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(etree.tostring(forged), [LIST_SIGNER], NOW)


def test_an_expired_list_is_stale() -> None:
    xml = written(listing(next_update=NOW))
    assert read_trusted_list(xml, [LIST_SIGNER], NOW - timedelta(seconds=1)).services == ()
    with pytest.raises(TrustedListStale):
        read_trusted_list(xml, [LIST_SIGNER], NOW)


def test_an_expired_signer_is_refused() -> None:
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(
            written(listing(next_update=NOW + timedelta(days=9999))),
            [LIST_SIGNER],
            NOW + timedelta(days=9000),
        )


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"nothing",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + written(listing()).split(b"?>", 1)[1],
        written(listing()).replace(b">6<", b">4<", 1),
        written(listing()).replace(b">7<", b">seven<", 1),
        written(listing()).replace(b"<SchemeTerritory>BE</SchemeTerritory>", b"", 1),
    ],
    ids=["empty", "no XML", "another root", "DTD", "version 4", "no number", "no territory"],
)
def test_what_is_no_list_is_malformed(xml: bytes) -> None:
    with pytest.raises(TrustedListMalformed):
        read_structure(parse(xml))


def test_a_list_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    xml = written(listing())
    monkeypatch.setattr(reader, "MAX_OCTETS", len(xml) - 1)
    with pytest.raises(TrustedListMalformed):
        read_trusted_list(xml, [LIST_SIGNER], NOW)


def test_an_entity_is_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    xml = f'<!DOCTYPE a [<!ENTITY b SYSTEM "{secret.as_uri()}">]><a>&b;</a>'.encode("utf-16")
    with pytest.raises(TrustedListMalformed):
        parse(xml)


def test_certificate_of_the_list_signer_is_what_counts_not_its_name() -> None:
    namesake = certificate("List signer", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(written(listing()), [namesake], NOW)


@pytest.mark.corpus
def test_the_corpus_is_whole() -> None:
    assert len(REAL) == 53


@pytest.mark.corpus
@pytest.mark.parametrize("name", REAL)
def test_real_lists(name: str) -> None:
    """Each is read, and its signature holds where the corpus says so: its own certificate as the signer."""
    xml = (LISTS / name).read_bytes()
    if name == "other/de-tl.xml":  # of TSL version 4
        with pytest.raises(TrustedListMalformed):
            read_structure(parse(xml))
        return
    root = parse(xml)
    found = read_structure(root)
    path = f"{uris.DS_XML}Signature//{uris.DS_XML}X509Certificate"
    signers = [base64.b64decode("".join((one.text or "").split())) for one in root.iterfind(path)]
    if name == "other/eu-lotl-broken-sig.xml":
        with pytest.raises(TrustedListUnsigned):
            read_trusted_list(xml, signers, found.issued_at)
        return
    assert read_trusted_list(xml, signers[:1], found.issued_at + timedelta(hours=1)) == found
    expected = next((one for one in _manifest() if one["file"] == name), None)
    if expected is not None:
        assert (found.territory, str(found.sequence_number), len(found.services)) == (
            expected["territory"],
            expected["sequence"],
            expected["n_services"],
        )


def _manifest() -> list[dict[str, Any]]:
    return [one for one in json.loads((LISTS / "manifest.json").read_text()) if one and one.get("n_services")]
