"""The objects of a PDF (ISO 32000-2, 7.3) from Python's own values, as pyHanko writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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


def entry(of: DictionaryObject, key: str) -> Any:
    """What stands under a key (without its slash), a reference followed; None where nothing does, or null,
    which is the same (7.3.7). ``of.get`` would give the reference.
    """
    return of.get_and_apply(f"/{key}", lambda value: value)


def elements(of: ArrayObject) -> Iterator[Any]:
    """What stands in an array, references followed. ``iter(of)`` would give the references."""
    return (of[index] for index in range(len(of)))


def stream(data: bytes, entries: Mapping[str, PdfObject]) -> StreamObject:
    """Compressed (FlateDecode)."""
    made = StreamObject(dict_data=dict(dictionary(entries)), stream_data=data)
    made.compress()  # type: ignore[no-untyped-call]
    return made
