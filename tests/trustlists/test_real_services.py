"""All lists of October 2023 together: which services they have, and what they say of CAs themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from qsignhub.trustlists import uris
from qsignhub.trustlists.qualification import TrustedLists
from qsignhub.trustlists.reader import parse
from qsignhub.trustlists.structure import read_structure
from tests.conftest import SHARED

AT = datetime(2023, 10, 30, tzinfo=UTC)


@cache
def lists() -> TrustedLists:
    folder = SHARED / "trustlists" / "2023-10"
    return TrustedLists([read_structure(parse(file.read_bytes())) for file in sorted(folder.glob("*.xml"))])


@pytest.mark.corpus
def test_what_the_union_has() -> None:
    services = [service for one in lists().lists for service in one.services]
    states = [service.state_at(AT) for service in services]
    granted = [one for one in states if one and one.type == uris.CA_QC and one.status == uris.GRANTED]
    assert len(services) > 2900
    assert len(granted) > 300
    assert sum(uris.FOR_ESIGNATURES in one.additional_informations for one in granted) > 200
    unknown = [one for state in granted for one in state.qualifications if one.criteria.unknown]
    assert not unknown


@pytest.mark.corpus
def test_a_ca_is_no_signer() -> None:
    """A listed CA's own certificate, asked as if it were a signer's: it states no QcCompliance."""
    listed = [
        service.certificates[0]
        for one in lists().lists
        for service in one.services
        if service.certificates and service.current.type == uris.CA_QC
    ]
    answers = [lists().qualified(one, [one], AT) for one in listed[:300]]
    assert len(answers) == 300
    without = [
        answer
        for certificate, answer in zip(listed, answers, strict=False)
        if b"\x06\x08+\x06\x01\x05\x05\x07\x01\x03" not in certificate
    ]
    assert without
    wrongly = [answer.reason for answer in without if answer.qualified]
    assert not wrongly, wrongly
    assert x509.load_der_x509_certificate(listed[0])


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Signature-C-HU_MIC-1.p7m", (True, True, False, True)),  # QCWithSSCD by policy
        ("signedFile.pdf.p7s", (True, True, False, True)),  # QcSSCD in the certificate
        ("dss-1892__detached_with_counter_sig.p7m", (True, False, True, False)),  # a seal
    ],
)
def test_signers_of_real_signatures(name: str, expected: tuple[bool, ...]) -> None:
    """Who signed files of the corpus, two weeks before the certificate ended, or before October 2023."""
    content = cms.ContentInfo.load((SHARED / "corpus" / "cades" / name).read_bytes())["content"]
    serial = content["signer_infos"][0]["sid"].chosen["serial_number"].native
    leaf = next(one.chosen for one in content["certificates"] if one.chosen.serial_number == serial)
    issuer = leaf.issuer.dump()
    chain = [
        certificate
        for one in lists().lists
        for service in one.services
        for certificate in service.certificates
        if asn1_x509.Certificate.load(certificate).subject.dump() == issuer
    ]
    at = min(leaf.not_valid_after - timedelta(days=14), datetime(2023, 10, 1, tzinfo=UTC))
    found = lists().qualified(leaf.dump(), chain, at)
    assert (found.qualified, found.for_esig, found.for_eseal, found.qscd) == expected, found.reason
