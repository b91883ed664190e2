"""A PDF of one page with a few lines of text, for what the service itself has to show as a document."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from pyhanko.pdf_utils.generic import ArrayObject
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from qsignhub.signing.pades.pdf_objects import dictionary, name, number, stream

_A4 = (595, 842)
_SIZE, _LEADING, _MARGIN = 12, 20, 72


def text_page(lines: Sequence[str]) -> bytes:
    """``lines`` are Latin-1 and must fit the page's width (about 75 characters)."""
    writer = PdfFileWriter()  # type: ignore[no-untyped-call]
    font = dictionary(
        {
            "Type": name("Font"),
            "Subtype": name("Type1"),
            "BaseFont": name("Helvetica"),
            "Encoding": name("WinAnsiEncoding"),
        }
    )
    fonts = dictionary({"F1": writer.add_object(font)})
    drawn = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    text = f"BT /F1 {_SIZE} Tf {_LEADING} TL {_MARGIN} {_A4[1] - _MARGIN} Td\n{drawn}ET\n"
    page = PageObject(  # type: ignore[no-untyped-call]
        contents=writer.add_object(stream(text.encode("latin-1"), {})),
        media_box=ArrayObject(number(side) for side in (0, 0, *_A4)),
        resources=dictionary({"Font": fonts}),
    )
    writer.insert_page(page)  # type: ignore[no-untyped-call]
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
