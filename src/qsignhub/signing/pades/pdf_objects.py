"""The objects of a PDF (ISO 32000-2, 7.3) from Python's own values, as pyHanko writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
)


def name(text: str) -> NameObject:
    return NameObject(f"/{text}")


def number(value: float) -> PdfObject:
    kind = NumberObject if isinstance(value, int) else FloatObject
    made: PdfObject = kind(value)
    return made


def numbers(values: Iterable[float]) -> ArrayObject:
    return ArrayObject(number(value) for value in values)


def dictionary(entries: Mapping[str, PdfObject]) -> DictionaryObject:
    """Keys without their slash."""
    return DictionaryObject({name(key): value for key, value in entries.items()})  # type: ignore[no-untyped-call]


def stream(data: bytes, entries: Mapping[str, PdfObject]) -> StreamObject:
    """Compressed (FlateDecode)."""
    made = StreamObject(dict_data=dict(dictionary(entries)), stream_data=data)
    made.compress()  # type: ignore[no-untyped-call]
    return made
