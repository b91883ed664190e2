"""One byte of an output changed: in the content that is signed, or in a signature value."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from lxml import etree

from conformance.signed_parts import cms_value, pdf_signatures, signature_entries, xml_values
from conformance.signing import Output

Place: TypeAlias = Literal["content", "signature value"]

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_BASE64_LONG = re.compile(rb">([A-Za-z0-9+/=\s]{200,})<")
_SHORTEST = 3


class NowhereToTamper(Exception):
    """The place was not found: the output is not what it should be."""


@dataclass(frozen=True, slots=True)
class Tampered:
    output: Output
    place: Place


def tampered(output: Output, folder: Path, place: Place) -> Tampered:
    """A copy in ``folder`` (and of what a detached signature is over) with one byte changed.

    Raises NowhereToTamper.
    """
    copy = folder / f"t{output.file.name}"
    shutil.copyfile(output.file, copy)
    content = None
    if output.content is not None:
        content = folder / f"{copy.name}.content" / output.content.name
        content.parent.mkdir()
        shutil.copyfile(output.content, content)
    changed = replace(output, file=copy, content=content)
    source = output.combination.document.path.read_bytes()
    if place == "content" and content is not None:
        content.write_bytes(flipped(source, len(source) // 2))
    elif output.combination.packaging == "asic_e":
        _change_entry(copy, output, place)
    else:
        whole = copy.read_bytes()
        at = _place_in(whole, output, source, place)
        copy.write_bytes(flipped(whole, at))
    return Tampered(changed, place)


def flipped(whole: bytes, at: int) -> bytes:
    """The byte at a place becomes another one of its kind: a digit another digit, a letter another letter."""
    old = whole[at : at + 1]
    if old.isdigit():
        new = b"1" if old == b"0" else b"0"
    elif old.isalpha():
        new = b"B" if old in b"Aa" else b"A"
    else:
        new = bytes([old[0] ^ 1])
    return whole[:at] + new + whole[at + 1 :]


def _place_in(whole: bytes, output: Output, source: bytes, place: Place) -> int:
    if place == "signature value":
        return _value_in(whole, output.combination.format, output.certificates)
    if output.combination.format == "pades":
        return middle_of_stream(source)
    if output.combination.format == "xades":
        return text_in(whole, source)
    return _found(whole, source) + len(source) // 2


def _value_in(whole: bytes, form: str, certificates: tuple[bytes, ...] = ()) -> int:
    """A place in the value of the first signature that is ours."""
    if form == "xades":
        spans = xml_values(whole)
        if not spans:
            raise NowhereToTamper("no ds:SignatureValue")
        start, end = spans[0]
        return next(at for at in range((start + end) // 2, end) if whole[at : at + 1].isalnum())
    if form == "pades":
        for signature in pdf_signatures(whole):
            if not signature.is_timestamp and any(one in signature.contents for one in certificates):
                digits = whole[signature.start : signature.end].lower()
                at = _found(digits, cms_value(signature.contents).hex().encode())
                return signature.start + at + 2 * _inside(cms_value(signature.contents))
        raise NowhereToTamper("no signature with a signer's certificate")
    value = cms_value(whole)
    return _found(whole, value) + _inside(value)


def _inside(value: bytes) -> int:
    """An octet of a number, not of the DER around it."""
    return len(value) - 8


def middle_of_stream(pdf: bytes) -> int:
    """The middle of the longest stream."""
    longest = max(_STREAM.finditer(pdf), key=lambda match: len(match.group(1)), default=None)
    if longest is None:
        raise NowhereToTamper("no stream in the PDF")
    return (longest.start(1) + longest.end(1)) // 2


def text_in(whole: bytes, source: bytes) -> int:
    """A letter or digit of the document's text, or of an attribute where it has none; else of its base64."""
    for text, before, after in _texts(source):
        needle = before + text.encode() + after
        at = whole.find(needle)
        if at >= 0:
            letter = next(n for n, sign in enumerate(text) if sign.isascii() and sign.isalnum())
            return at + len(before) + len(text[:letter].encode())
    encoded = _BASE64_LONG.search(whole)
    if encoded is None:
        raise NowhereToTamper("the document is not in the signature, neither as XML nor in base64")
    return encoded.start(1) + 40


def _texts(source: bytes) -> list[tuple[str, bytes, bytes]]:
    root = etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    elements = [one for one in root.iter() if isinstance(one.tag, str)]
    texts = [(str(one.text or ""), b">", b"<") for one in elements]
    attributes = [(value, b'="', b'"') for one in elements for value in map(str, one.attrib.values())]
    return [found for found in [*texts, *attributes] if _is_plain(found[0])]


def _is_plain(text: str) -> bool:
    """Written in the file as it is read."""
    return (
        len(text) >= _SHORTEST
        and any(sign.isascii() and sign.isalnum() for sign in text)
        and not set(text) & set("<>&\"'\n\r\t")
    )


def _change_entry(file: Path, output: Output, place: Place) -> None:
    """The entry's checksum is made right again: the signature alone tells."""
    original = file.with_name(f"{file.name}.original")
    file.rename(original)
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(file, "w") as target:
        signatures = signature_entries(source)
        if not signatures:
            raise NowhereToTamper("no signature in the container")
        name = output.combination.document.path.name if place == "content" else signatures[0]
        if name not in source.namelist():
            raise NowhereToTamper(f"no {name} in the container")
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == name:
                at = (
                    len(content) // 2 if place == "content" else _value_in(content, output.combination.format)
                )
                content = flipped(content, at)
            target.writestr(entry, content, compress_type=entry.compress_type)
    original.unlink()


def _found(whole: bytes, needle: bytes) -> int:
    at = whole.find(needle)
    if at < 0:
        raise NowhereToTamper("the signed file does not hold what it should")
    return at
