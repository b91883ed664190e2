"""TS 119 615 rule by rule, on lists of our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.trustlists import uris
from qsignhub.trustlists.model import Criteria, Qualification, ServiceState
from qsignhub.trustlists.qualification import Determination, TrustedLists
from tests.trustlists.lists import (
    CA,
    CA_KEY,
    COMPLIANCE,
    DEVICE,
    ESEAL,
    ESIGN,
    NOW,
    QUALIFIED,
    Listed,
    certificate,
    listing,
    qc_statements,
    signer,
)

BEFORE_EIDAS = datetime(2015, 5, 1, tzinfo=UTC)
EVERYTHING = Criteria("all", key_usages=((("nonRepudiation", True),),))


def ask(
    listed: Listed | None = None,
    statements: bytes | None = QUALIFIED,
    *,
    at: datetime = NOW,
    policies: tuple[str, ...] = (),
    since: datetime | None = None,
) -> Determination:
    lists = TrustedLists([listing((listed or Listed()).service())])
    certificate = signer(statements, policies) if since is None else signer(statements, policies, since)
    return lists.qualified(certificate, [CA], at)


def qualifying(*names: str, criteria: Criteria = EVERYTHING) -> tuple[Qualification, ...]:
    prefix = uris.FOR_ESIGNATURES.removesuffix("ForeSignatures")
    return (Qualification(frozenset(prefix + name for name in names), criteria),)


def test_a_qualified_certificate_in_a_qscd() -> None:
    found = ask()
    assert (found.qualified, found.for_esig, found.for_eseal, found.qscd) == (True, True, False, True)
    assert "The CA was granted" in found.reason


def test_nothing_is_qualified_without_lists() -> None:
    assert not TrustedLists([]).qualified(signer(), [CA], NOW).qualified


def test_an_issuer_that_is_not_listed() -> None:
    assert not ask(Listed(certificates=(signer(),))).qualified


def test_the_issuer_is_known_by_name_and_key_too() -> None:
    again = certificate("CA", CA_KEY, ("Root", CA_KEY))
    assert again != CA
    assert ask(Listed(certificates=(again,))).qualified
    other_key = certificate("CA", ec.generate_private_key(ec.SECP256R1()))
    assert not ask(Listed(certificates=(other_key,))).qualified


def test_a_listed_root_above_the_issuer_counts() -> None:
    root = certificate("Root", CA_KEY)
    lists = TrustedLists([listing(Listed(certificates=(root,)).service())])
    assert lists.qualified(signer(), [CA, root], NOW).qualified
    assert not lists.qualified(signer(), [CA], NOW).qualified


def test_an_issuer_that_is_listed_as_something_else_under_a_listed_root() -> None:
    root = certificate("Root", CA_KEY)
    otherwise = Listed(type="http://uri.etsi.org/TrstSvc/Svctype/CA/PKC").service()
    lists = TrustedLists([listing(otherwise, Listed(certificates=(root,)).service())])
    assert lists.qualified(signer(), [CA, root], NOW).qualified


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (Listed(type=uris.TSA_QTST), "no CA/QC service"),
        (Listed(status=uris.WITHDRAWN), "withdrawn"),
        (Listed(status=next(iter(uris.GRANTED_BEFORE_EIDAS))), "not granted"),
        (Listed(since=NOW - timedelta(days=1)), "no CA/QC service"),
        (Listed(informations=frozenset({uris.FOR_ESEALS})), "ForeSignatures"),
        (Listed(informations=frozenset()), "ForeSignatures"),
        (Listed(qualifications=qualifying("NotQualified")), "NotQualified"),
        (Listed(qualifications=qualifying("QCStatement", criteria=Criteria("all", unknown=1))), "not known"),
        (Listed(qualifications=qualifying("QCForESig", "QCForESeal")), "several purposes"),
        (Listed(qualifications=qualifying("QCForESeal")), "another purpose"),
    ],
)
def test_what_the_list_says_no_to(listed: Listed, reason: str) -> None:
    found = ask(listed)
    assert not found.qualified
    assert (found.for_esig, found.for_eseal, found.qscd) == (False, False, False)
    assert reason in found.reason


def test_the_status_is_that_of_the_moment() -> None:
    withdrawn = Listed(
        status=uris.WITHDRAWN,
        since=NOW - timedelta(days=5),
        history=(Listed().service().current,),
    )
    assert ask(withdrawn, at=NOW - timedelta(days=6)).qualified
    assert not ask(withdrawn, at=NOW).qualified


def test_granted_only_after_the_certificate_was_issued() -> None:
    granted_later = Listed(
        since=NOW - timedelta(days=5),
        history=(replace(Listed().service().current, status=uris.WITHDRAWN),),
    )
    assert "withdrawn" in ask(granted_later).reason


def test_two_services_of_one_key_that_disagree() -> None:
    one, other = Listed().service(), Listed(qualifications=qualifying("QCNoQSCD")).service()
    found = TrustedLists([listing(one, other)]).qualified(signer(), [CA], NOW)
    assert "contradict" in found.reason
    withdrawn = Listed(status=uris.WITHDRAWN).service()
    assert TrustedLists([listing(one, withdrawn)]).qualified(signer(), [CA], NOW).qualified


def test_a_certificate_that_states_nothing() -> None:
    assert not ask(statements=None).qualified
    assert not ask(statements=qc_statements(DEVICE, types=(ESIGN,))).qualified
    assert not ask(statements=b"\x30\x03\x02\x01").qualified
    listed = Listed(qualifications=qualifying("QCStatement", "QCForESig", "QCWithQSCD"))
    found = ask(listed, None)
    assert (found.qualified, found.for_esig, found.qscd) == (True, True, True)


def test_seals() -> None:
    sealing = qc_statements(COMPLIANCE, DEVICE, types=(ESEAL,))
    assert "ForeSeals" in ask(statements=sealing).reason
    found = ask(Listed(informations=frozenset({uris.FOR_ESEALS})), sealing)
    assert (found.qualified, found.for_esig, found.for_eseal) == (True, False, True)
    assert "several purposes" in ask(statements=qc_statements(COMPLIANCE, types=(ESIGN, ESEAL))).reason


@pytest.mark.parametrize(
    ("qualifiers", "stated", "expected"),
    [
        ((), True, True),
        ((), False, False),
        (("QCWithQSCD",), False, True),
        (("QCWithSSCD",), False, True),
        (("QCQSCDManagedOnBehalf",), False, True),
        (("QCNoQSCD",), True, False),
        (("QCNoSSCD",), True, False),
        (("QCQSCDStatusAsInCert",), True, True),
        (("QCQSCDStatusAsInCert",), False, False),
        (("QCWithQSCD", "QCNoQSCD"), True, False),
    ],
)
def test_the_device(qualifiers: tuple[str, ...], stated: bool, expected: bool) -> None:
    statements = qc_statements(COMPLIANCE, *((DEVICE,) if stated else ()), types=(ESIGN,))
    qualifications = qualifying(*qualifiers) if qualifiers else ()
    found = ask(Listed(qualifications=qualifications), statements)
    assert found.qualified
    assert found.qscd is expected


@pytest.mark.parametrize(
    ("criteria", "met"),
    [
        (Criteria("all", key_usages=((("nonRepudiation", True),),)), True),
        (Criteria("all", key_usages=((("nonRepudiation", True), ("digitalSignature", True)),)), False),
        (Criteria("all", key_usages=((("nonRepudiation", True), ("digitalSignature", False)),)), True),
        (Criteria("all", policy_sets=(frozenset({"1.2.3"}),)), True),
        (Criteria("all", policy_sets=(frozenset({"1.2.3", "1.2.9"}),)), False),
        (Criteria("atLeastOne", policy_sets=(frozenset({"1.2.9"}), frozenset({"1.2.3"}))), True),
        (Criteria("atLeastOne", policy_sets=(frozenset({"1.2.9"}),)), False),
        (Criteria("none", policy_sets=(frozenset({"1.2.9"}),)), True),
        (Criteria("none", policy_sets=(frozenset({"1.2.3"}),)), False),
        (Criteria("all", nested=(Criteria("none", policy_sets=(frozenset({"1.2.3"}),)),)), False),
        (Criteria("all", subject_attributes=(frozenset({"2.5.4.6", "2.5.4.3"}),)), True),
        (Criteria("all", subject_attributes=(frozenset({"2.5.4.10"}),)), False),
        (Criteria("all", extended_key_usages=(frozenset({"1.3.6.1.5.5.7.3.4"}),)), False),
        (Criteria("atLeastOne", policy_sets=(frozenset({"1.2.3"}),), unknown=1), True),
        (Criteria("all", policy_sets=(frozenset({"1.2.9"}),), unknown=1), False),
    ],
)
def test_criteria(criteria: Criteria, met: bool) -> None:
    listed = Listed(qualifications=qualifying("NotQualified", criteria=criteria))
    assert ask(listed, policies=("1.2.3", "1.2.4")).qualified is not met


@pytest.mark.parametrize("assertion", ["all", "atLeastOne", "none"])
def test_an_unknown_criterion_that_decides_makes_nothing_qualified(assertion: str) -> None:
    criteria = Criteria(assertion, unknown=1)  # type: ignore[arg-type]
    assert not ask(Listed(qualifications=qualifying("QCWithQSCD", criteria=criteria))).qualified


def test_before_eidas_the_old_words_count() -> None:
    accredited = next(uri for uri in uris.GRANTED_BEFORE_EIDAS if uri.endswith("accredited"))
    old = ServiceState(uris.CA_QC, accredited, datetime(2012, 1, 1, tzinfo=UTC))
    listed = Listed(history=(old,))
    found = ask(listed, None, policies=("0.4.0.1456.1.1",), since=BEFORE_EIDAS, at=BEFORE_EIDAS)
    assert (found.qualified, found.for_esig, found.qscd) == (True, True, True)
    assert not ask(listed, None, policies=("0.4.0.1456.1.1",)).qualified


def test_a_certificate_that_cannot_be_read() -> None:
    lists = TrustedLists([listing(Listed().service())])
    assert not lists.qualified(b"\x30\x00", [CA], NOW).qualified
    assert not lists.qualified(signer(), [b"\x30\x00"], NOW).qualified
