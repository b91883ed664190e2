"""Where signatures, their values and their timestamps stand in a signed file, read without our own code."""

from __future__ import annotations

import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms
from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_SIGNATURE_VALUE = re.compile(rb"<(?:[\w.-]+:)?SignatureValue\b[^>]*>([^<]+)<")
_SIGNATURE_TIMESTAMP = "1.2.840.113549.1.9.16.2.14"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """``start`` and ``end``: of the hexadecimal digits of /Contents. ``covered`` is what ByteRange names."""

    start: int
    end: int
    contents: bytes
    covered: bytes

    @property
    def is_timestamp(self) -> bool:
        return bool(signed_data(self.contents)["encap_content_info"]["content_type"].native == "tst_info")


@dataclass(frozen=True, slots=True)
class Timestamp:
    """``token`` (DER) is over ``covered``."""

    token: bytes
    covered: bytes


def signed_data(der: bytes) -> Any:
    """The SignedData of a CMS ContentInfo; zeros after it are padding."""
    return cms.ContentInfo.load(der)["content"]


def pdf_signatures(pdf: bytes) -> list[PdfSignature]:
    """Signatures and document timestamps in the file's order (ISO 32000-2, 12.8.1)."""
    found = []
    for match in _BYTE_RANGE.finditer(pdf):
        first, length, second, rest = map(int, match.groups())
        digits = pdf[first + length + 1 : second - 1]
        covered = pdf[first : first + length] + pdf[second : second + rest]
        found.append(PdfSignature(first + length + 1, second - 1, bytes.fromhex(digits.decode()), covered))
    return found


def cms_value(der: bytes) -> bytes:
    """The signature value of the first SignerInfo (RFC 5652 clause 5.3)."""
    return bytes(signed_data(der)["signer_infos"][0]["signature"].native)


def xml_values(xml: bytes) -> list[tuple[int, int]]:
    """Where the text of each ds:SignatureValue stands."""
    return [match.span(1) for match in _SIGNATURE_VALUE.finditer(xml)]


def signature_entries(container: zipfile.ZipFile) -> list[str]:
    """The entries of an ASiC container that hold signatures (EN 319 162-1 clause 4.4)."""
    return [
        name
        for name in container.namelist()
        if re.fullmatch(r"META-INF/[^/]*signature[^/]*\.(p7s|xml)", name)
    ]


def timestamps_of_cms(der: bytes) -> Iterator[Timestamp]:
    """Signature timestamps (EN 319 122-1 clause 5.3): over the signature value."""
    for info in signed_data(der)["signer_infos"]:
        for attribute in info["unsigned_attrs"]:
            if attribute["type"].dotted == _SIGNATURE_TIMESTAMP:
                for token in attribute["values"]:
                    yield Timestamp(token.dump(), bytes(info["signature"].native))


def timestamps_of_pdf(pdf: bytes) -> Iterator[Timestamp]:
    """Signature timestamps, and document timestamps, which are over all that ByteRange names."""
    for signature in pdf_signatures(pdf):
        if signature.is_timestamp:
            yield Timestamp(signed_data_exactly(signature.contents), signature.covered)
        else:
            yield from timestamps_of_cms(signature.contents)


def timestamps_of_xml(xml: bytes) -> Iterator[Timestamp]:
    """Signature timestamps (EN 319 132-1 clause 5.3): over the canonical ds:SignatureValue."""
    for signature in etree.fromstring(xml, _PARSER).iter(f"{{{DS}}}Signature"):
        value = signature.find(f"{{{DS}}}SignatureValue")
        for timestamp in signature.iter(f"{{{XADES}}}SignatureTimeStamp"):
            method = timestamp.find(f"{{{DS}}}CanonicalizationMethod")
            token = timestamp.findtext(f"{{{XADES}}}EncapsulatedTimeStamp")
            if value is None or method is None or token is None:
                raise ValueError("a SignatureTimeStamp without what it is made of")
            yield Timestamp(b64decode(token), _canonical(value, method.get("Algorithm", "")))


def signed_data_exactly(der: bytes) -> bytes:
    """A CMS structure without the padding after it."""
    return bytes(cms.ContentInfo.load(der).dump())


def _canonical(element: etree._Element, algorithm: str) -> bytes:
    exclusive = "xml-exc-c14n" in algorithm
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False, with_tail=False)
