"""A ZIP archive written as it is sent: no file of it is ever whole in memory, none is put on disk first."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the format knows no date before (APPNOTE 4.4.6)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h"})
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """``name`` is a path of ours with ``/``; ``content`` comes whole, or in pieces if it is large."""

    name: str
    content: bytes | AsyncIterable[bytes]


async def archive(files: AsyncIterable[ArchivedFile], moment: datetime) -> AsyncIterator[bytes]:
    """The archive in pieces, as they are ready. All files in it bear ``moment``, in UTC.

    An error while a file is read breaks the archive off before its directory is written: what was sent
    by then is no archive for anybody.
    """
    sink = _Sink()
    packed = zipfile.ZipFile(sink, "w")
    async for file in files:
        entry = zipfile.ZipInfo(file.name, max(moment.timetuple()[:6], _EARLIEST))
        entry.external_attr = 0o100644 << 16
        # A file that comes in pieces is a signed document, compressed in itself; and its size is not known.
        whole = isinstance(file.content, bytes)
        entry.compress_type = zipfile.ZIP_DEFLATED if whole else zipfile.ZIP_STORED
        with packed.open(entry, "w") as place:
            if isinstance(file.content, bytes):
                place.write(file.content)
            else:
                async for piece in file.content:
                    place.write(piece)
                    yield sink.taken()
        yield sink.taken()
    packed.close()
    yield sink.taken()


def plain_name(text: str) -> str:
    """A person's name as part of a file name: ``Łukasz Żółć`` is ``lukasz-zolc``; ASCII, no dots, no slashes.

    Empty where no letter has a plain form; the caller's number tells such files apart.
    """
    lowered = unicodedata.normalize("NFC", text).casefold().translate(_GERMAN).translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", lowered)
    marked = (character if character in _PLAIN else " " for character in _without_marks(decomposed))
    return "-".join("".join(marked).split())[:_LONGEST].strip("-")


def numbered_name(number: int, text: str) -> str:
    """``01-anna-kowalska``: in order, and never two alike."""
    return "-".join(filter(None, [f"{number:02d}", plain_name(text)]))


def _without_marks(text: str) -> Iterable[str]:
    return (character for character in text if not unicodedata.combining(character))


class _Sink:
    """What zipfile writes to; it cannot be sought in, so sizes follow the files (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self._pieces = bytearray()

    def write(self, piece: bytes) -> int:
        self._pieces += piece
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, bytearray()
        return bytes(pieces)
