from __future__ import annotations

import time

import pytest
from cryptography import x509

from qsignhub.revocation.errors import RevocationMalformed, RevocationPathMissing
from qsignhub.revocation.paths import path_of
from tests.pki import TestPki
from tests.revocation.certificates import ca, certificate


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


def test_leaf_issuing_and_root(pki: TestPki):
    expected = (pki.signer.der, pki.issuing.der, pki.root.der)
    others = [pki.tsa.der, pki.issuing.der, pki.ocsp.der]
    assert path_of(pki.signer.der, others, [TestPki().root.der, pki.root.der]) == expected
    assert (
        path_of(pki.signer.der, [*others, pki.root.der, pki.signer.der, b"junk"], [pki.root.der]) == expected
    )


def test_it_ends_at_the_first_anchor(pki: TestPki):
    """As in the EU's trusted lists, where the issuing CA is the anchor, or the TSA itself."""
    candidates = [pki.issuing.der, pki.root.der]
    assert path_of(pki.signer.der, candidates, [pki.issuing.der]) == (pki.signer.der, pki.issuing.der)
    assert path_of(pki.tsa.der, candidates, [pki.tsa.der]) == (pki.tsa.der,)


def test_a_wrong_turn_is_taken_back(pki: TestPki):
    """Of two CAs with one name and key the way leads over the one whose issuer is trusted."""
    elsewhere = TestPki()
    shared = ca(pki, "Cross", pki.root)
    astray = ca(elsewhere, "Cross", elsewhere.root, key=shared.private_key)
    leaf = certificate(pki, "Leaf", shared)
    for candidates in ([astray.der, shared.der], [shared.der, astray.der]):
        assert path_of(leaf.der, candidates, [pki.root.der]) == (leaf.der, shared.der, pki.root.der)
    assert path_of(leaf.der, [shared.der, astray.der], [elsewhere.root.der])[1] == astray.der


def test_a_signature_that_does_not_hold_leads_nowhere(pki: TestPki):
    impostor = ca(pki, "Test Issuing CA", TestPki().root)
    with pytest.raises(RevocationPathMissing, match="Anna Kowalska"):
        path_of(pki.signer.der, [impostor.der], [pki.root.der])
    same_name = TestPki()
    with pytest.raises(RevocationPathMissing):
        path_of(pki.signer.der, [same_name.issuing.der], [same_name.root.der, pki.root.der])
    with pytest.raises(RevocationPathMissing):
        path_of(pki.signer.der, [], [pki.root.der])
    with pytest.raises(RevocationPathMissing):
        path_of(pki.signer.der, [pki.issuing.der, pki.root.der], [])


def test_who_is_no_ca_issues_nothing(pki: TestPki):
    for extensions in ([], [x509.BasicConstraints(False, None)], [x509.BasicConstraints(True, None)]):
        middle = certificate(pki, "No CA", pki.issuing, extensions)
        leaf = certificate(pki, "Leaf", middle)
        with pytest.raises(RevocationPathMissing):
            path_of(leaf.der, [middle.der, pki.issuing.der], [pki.root.der])


def test_circles_and_many_namesakes_end(pki: TestPki):
    one = ca(pki, "One", pki.root)
    other = ca(pki, "Other", one)
    back = ca(pki, "One", other, key=one.private_key)
    leaf = certificate(pki, "Leaf", one)
    with pytest.raises(RevocationPathMissing):
        path_of(leaf.der, [back.der, other.der], [pki.root.der])
    crowd = [ca(pki, "Test Issuing CA", TestPki().root).der for _ in range(150)]
    begun = time.monotonic()
    with pytest.raises(RevocationPathMissing):
        path_of(pki.signer.der, crowd, [pki.root.der])
    assert time.monotonic() - begun < 1


def test_what_cannot_be_read(pki: TestPki):
    with pytest.raises(RevocationMalformed):
        path_of(b"junk", [], [pki.root.der])
    with pytest.raises(RevocationMalformed):
        path_of(pki.signer.der, [], [b"junk"])
