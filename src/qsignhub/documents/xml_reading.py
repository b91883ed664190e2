"""The one way in which strangers' XML is read here: nothing fetched, nothing expanded, bounded.

A document type declaration is refused as soon as it is met, before anything in it is looked at: what it
declares (entities, default attributes, other files) makes one file read differently in different programs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lxml import etree

from qsignhub.documents.errors import DocumentUnreadable, ExternalContent

# libxml2's own bounds stay on (huge_tree off): 256 levels, 10 MB in one text, no amplification.
_HARDENED: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
}
_CHUNK = 64 * 1024
_XINCLUDE = "{http://www.w3.org/2001/XInclude}include"


def parse(content: bytes) -> etree._Element:
    """A small document as a tree. Raises DocumentUnreadable or ExternalContent."""
    read_through([content], Looking())
    try:
        return etree.fromstring(content, etree.XMLParser(**_HARDENED))
    except etree.XMLSyntaxError as exc:
        raise _unreadable(str(exc)) from exc


def parse_whole(path: Path) -> etree._ElementTree:
    """A file that was read through already, as a tree without the white space between elements."""
    try:
        return etree.parse(path, etree.XMLParser(remove_blank_text=True, **_HARDENED))
    except etree.XMLSyntaxError as exc:
        raise _unreadable(str(exc)) from exc


def parse_beginning(content: bytes) -> etree._Element | None:
    """What can be read of a document that is cut off somewhere; None if that is nothing."""
    return etree.fromstring(content, etree.XMLParser(recover=True, remove_blank_text=True, **_HARDENED))


_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


class Looking:
    """A parser's target (lxml's interface) that keeps nothing, and refuses what must not be there."""

    def __init__(self) -> None:
        self.root = ""
        """In Clark's notation, ``{namespace}name``."""
        self.has_stylesheet = False
        self.has_inclusions = False
        self.has_signatures = False

    def doctype(self, _name: str, _public_id: str | None, _system: str | None) -> None:
        raise ExternalContent(
            "The XML has a document type declaration (DOCTYPE). What it declares changes how programs read "
            "the file, so it cannot be signed. Remove it and upload the file again.",
            field="file",
        )

    def start(self, tag: str, _attributes: Any) -> None:
        self.root = self.root or tag
        self.has_inclusions = self.has_inclusions or tag == _XINCLUDE
        self.has_signatures = self.has_signatures or tag == _SIGNATURE

    def pi(self, target: str, _data: str | None = None) -> None:
        self.has_stylesheet = self.has_stylesheet or target == "xml-stylesheet"

    def close(self) -> None: ...


def read_through(chunks: Iterable[bytes], target: Looking) -> Looking:
    """Reads a document from end to end without keeping it; ``target`` is told what is met."""
    parser = etree.XMLParser(target=target, **_HARDENED)  # type: ignore[arg-type]  # all of it is optional
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), _CHUNK):
                parser.feed(chunk[start : start + _CHUNK])
        parser.close()
    except etree.XMLSyntaxError as exc:
        raise _unreadable(str(exc)) from exc
    # A prefix without a namespace is no syntax error to the library; to Namespaces in XML it is one (§6.3).
    errors = parser.error_log.filter_from_errors()
    if errors:
        raise _unreadable(errors[0].message)
    return target


def _unreadable(problem: str) -> DocumentUnreadable:
    reason = "".join(character if character.isprintable() else "?" for character in problem[:200])
    return DocumentUnreadable(f"The XML is not well-formed: {reason}", field="file")
