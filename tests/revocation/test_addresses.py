from __future__ import annotations

import pytest

from qsignhub.revocation.addresses import crl_addresses, ocsp_addresses
from qsignhub.revocation.errors import RevocationMalformed
from tests.pki import TestPki


def test_the_urls_in_a_certificate():
    pki = TestPki(base_url="https://trust.example")
    assert ocsp_addresses(pki.signer.der) == ["https://trust.example/ocsp/test-issuing-ca"]
    assert crl_addresses(pki.issuing.der) == ["https://trust.example/crl/test-root.crl"]


def test_a_certificate_without_any():
    pki = TestPki()
    assert ocsp_addresses(pki.root.der) == crl_addresses(pki.ocsp.der) == []


@pytest.mark.parametrize("base", ["file:///etc", "ldap://directory.example", "http://", "gopher://x"])
def test_only_web_addresses_are_ever_asked(base: str):
    pki = TestPki(base_url=base)
    assert ocsp_addresses(pki.signer.der) == crl_addresses(pki.signer.der) == []


def test_garbage_is_no_certificate():
    with pytest.raises(RevocationMalformed):
        ocsp_addresses(b"garbage")
