"""Namespaces and algorithm identifiers of XML signatures, and elements made with them."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from lxml import etree

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
XPATH_FILTER: Final = "http://www.w3.org/2002/06/xmldsig-filter2"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
SIGNED_PROPERTIES_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"
SIGNATURE: Final = f"{{{DS}}}Signature"

_PREFIXES = {DS: "ds", XADES: "xades", XPATH_FILTER: "dsig-xpath"}


def element(namespace: str, tag: str, text: str | bytes | None = None, **attributes: str) -> etree._Element:
    """Bytes as text become base64, on one line."""
    made = etree.Element(f"{{{namespace}}}{tag}", attributes, nsmap={_PREFIXES[namespace]: namespace})
    made.text = b64encode(text).decode() if isinstance(text, bytes) else text
    return made


def parent(namespace: str, tag: str, *children: etree._Element, **attributes: str) -> etree._Element:
    made = element(namespace, tag, **attributes)
    made.extend(children)
    return made


def canonical(node: etree._Element) -> bytes:
    """Exclusive canonical XML without comments: the same wherever the element stands."""
    octets: bytes = etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
    return octets
