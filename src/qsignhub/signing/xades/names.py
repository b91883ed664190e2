"""Namespaces and algorithm identifiers of XML signatures, and elements made with them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from lxml import etree

from qsignhub.foundation.signature_algorithms import HashName

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
XADES141: Final = "http://uri.etsi.org/01903/v1.4.1#"
ASIC: Final = "http://uri.etsi.org/02918/v1.2.1#"
XPATH_FILTER: Final = "http://www.w3.org/2002/06/xmldsig-filter2"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
SIGNED_PROPERTIES_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"
DIGEST_METHODS: Final[Mapping[HashName, str]] = {
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
"""RFC 9231 section 2.1."""
SIGNATURE: Final = f"{{{DS}}}Signature"
NAMESPACES: Final = {"ds": DS, "xades": XADES, "xades141": XADES141}
"""Prefixes for paths to parts of a signature; it is written with the same."""

_PREFIXES = {DS: "ds", XADES: "xades", XADES141: "xades141", XPATH_FILTER: "dsig-xpath"}


def element(namespace: str, tag: str, text: str | bytes | None = None, **attributes: str) -> etree._Element:
    """Bytes as text become base64, on one line."""
    made = etree.Element(f"{{{namespace}}}{tag}", attributes, nsmap={_PREFIXES[namespace]: namespace})
    made.text = base64(text) if isinstance(text, bytes) else text
    return made


def base64(octets: bytes) -> str:
    return b64encode(octets).decode()


def parent(namespace: str, tag: str, *children: etree._Element, **attributes: str) -> etree._Element:
    made = element(namespace, tag, **attributes)
    made.extend(children)
    return made


def canonicalization() -> etree._Element:
    return element(DS, "CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N)


def canonical(node: etree._Element) -> bytes:
    """Exclusive canonical XML without comments: the same wherever the element stands."""
    octets: bytes = etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
    return octets


def parsed(signature: bytes | str) -> etree._Element:
    """A signature of our own making; it may hold long texts (CRLs)."""
    return etree.fromstring(
        signature, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    )


def part(signature: etree._Element, path: str) -> etree._Element:
    found = signature.find(path, NAMESPACES)
    if found is None:
        raise ValueError(f"the signature has no {path}")
    return found
