"""ASiCManifest (ETSI EN 319 162-1 annex A.4): what a signature or a timestamp in META-INF/ is over."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from qsignhub.foundation.signature_algorithms import HashName
from qsignhub.signing.asic.container import entry_uri
from qsignhub.signing.errors import DocumentNotSignable

MEDIA_TYPE: Final = "application/xml"
_ASIC: Final = "http://uri.etsi.org/02918/v1.2.1#"
_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_DIGESTS: Final[dict[HashName, str]] = {
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
_MEDIA_TYPES: Final = {
    "p7s": "application/pkcs7-signature",
    "tst": "application/vnd.etsi.timestamp-token",
    "xml": MEDIA_TYPE,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of the container, and the digest of what is in it."""

    name: str
    digest: bytes
    mime_type: str | None = None
    previous: bool = False
    """The archive manifest that was the last one before (annex A.7)."""


def build(signature: str, references: Iterable[Reference], hash_name: HashName) -> bytes:
    """XML of a manifest; ``signature`` is the entry that is to hold the signature or timestamp over it."""
    root = etree.Element(f"{{{_ASIC}}}ASiCManifest", nsmap={"asic": _ASIC, "ds": _DS})
    etree.SubElement(
        root, f"{{{_ASIC}}}SigReference", URI=entry_uri(signature), MimeType=media_type_of(signature)
    )
    for one in references:
        reference = etree.SubElement(root, f"{{{_ASIC}}}DataObjectReference", URI=entry_uri(one.name))
        if one.mime_type:
            reference.set("MimeType", one.mime_type)
        if one.previous:
            reference.set("Rootfile", "true")
        etree.SubElement(reference, f"{{{_DS}}}DigestMethod", Algorithm=_DIGESTS[hash_name])
        value = etree.SubElement(reference, f"{{{_DS}}}DigestValue")
        value.text = base64.b64encode(one.digest).decode()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def media_type_of(entry: str) -> str:
    """Of an entry of META-INF/."""
    return _MEDIA_TYPES[entry.rpartition(".")[2]]


def signature_of(manifest: bytes) -> str:
    """URI of the entry that holds the signature, or the timestamp, over a manifest of our own making."""
    return _uris(manifest, "SigReference")[0]


def covered_by(manifest: bytes) -> frozenset[str]:
    """URIs of the entries that a manifest of our own making is over."""
    return frozenset(_uris(manifest, "DataObjectReference"))


def _uris(manifest: bytes, element: str) -> list[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(manifest, parser)
    except etree.XMLSyntaxError as wrong:
        raise DocumentNotSignable(f"A manifest in the container cannot be read: {wrong.msg}.") from wrong
    found = [one.get("URI") or "" for one in root.iter(f"{{{_ASIC}}}{element}")]
    if not all(found) or not found:
        raise DocumentNotSignable(f"A manifest in the container has no {element} with a URI.")
    return found
