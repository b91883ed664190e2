"""Reading a trusted list: bounded, signed by whom we were told, and only what was signed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from qsignhub.trustlists.errors import TrustedListMalformed, TrustedListStale, TrustedListUnsigned
from qsignhub.trustlists.model import TrustedList
from qsignhub.trustlists.structure import ROOT, read_structure
from qsignhub.trustlists.uris import DS_XML

MAX_OCTETS = 20 * 1024 * 1024

# libxml2's own bounds stay on (huge_tree off): 256 levels, 10 MB in one text, no amplification.
_HARDENED: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
}


def read_trusted_list(xml: bytes, signers: Sequence[bytes], now: datetime) -> TrustedList:
    """The list, after its enveloped signature was verified against one of the ``signers`` (DER).

    A signer is trusted as a certificate, not by a path (TS 119 615 clause 4.1), and has to be valid now.
    Raises TrustedListMalformed, TrustedListUnsigned, TrustedListStale.
    """
    root = parse(xml)
    found = read_structure(_signed(root, _signer(root, signers), now))
    if found.next_update is not None and found.next_update <= now:
        raise TrustedListStale(
            f"The trusted list {found.territory} {found.sequence_number} was to be replaced by "
            f"{found.next_update:%Y-%m-%d %H:%M} UTC"
        )
    return found


def parse(xml: bytes) -> etree._Element:
    """The tree of a list that nobody has vouched for yet. Raises TrustedListMalformed."""
    if len(xml) > MAX_OCTETS:
        raise TrustedListMalformed(f"The trusted list is larger than {MAX_OCTETS // 1024 // 1024} MiB")
    try:
        root = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as wrong:
        raise TrustedListMalformed("The trusted list is not well-formed XML") from wrong
    # what a DTD declares makes one file read differently in different programs
    if root.getroottree().docinfo.internalDTD is not None:
        raise TrustedListMalformed("The trusted list has a document type declaration")
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(**_HARDENED)


def _signer(root: etree._Element, signers: Sequence[bytes]) -> x509.Certificate:
    """The one of ``signers`` that the signature names in its KeyInfo."""
    signatures = root.findall(DS_XML + "Signature")
    if len(signatures) != 1:
        raise TrustedListUnsigned(f"The trusted list has {len(signatures)} signatures, not one")
    path = f"{DS_XML}KeyInfo/{DS_XML}X509Data/{DS_XML}X509Certificate"
    named = {_certificate(element.text) for element in signatures[0].iterfind(path)}
    trusted = [signer for signer in dict.fromkeys(signers) if signer in named]
    if len(trusted) != 1:
        raise TrustedListUnsigned(
            "The trusted list is not signed by one of the signers that were named for it"
        )
    return x509.load_der_x509_certificate(trusted[0])


def _certificate(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except (ValueError, binascii.Error) as wrong:
        raise TrustedListUnsigned("The signature's certificate is not base64") from wrong


def _signed(root: etree._Element, signer: x509.Certificate, now: datetime) -> etree._Element:
    """The list once more, from the octets that the signature covers."""
    configuration = SignatureConfiguration(location="./", expect_references=True, verification_time=now)
    try:
        results = XMLVerifier().verify(root, x509_cert=signer, expect_config=configuration, parser=_parser())
    # signxml lets what its parts raise about a strange signature through
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError) as wrong:
        raise TrustedListUnsigned("The trusted list's signature does not hold") from wrong
    lists = [
        result.signed_xml
        for result in (results if isinstance(results, list) else [results])
        if result.signed_xml is not None and result.signed_xml.tag == ROOT
    ]
    if len(lists) != 1:
        raise TrustedListUnsigned("The signature does not cover the trusted list as a whole")
    return lists[0]
