"""Word's fields (ISO/IEC 29500-1 §17.16): some run programs, some take their text from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from qsignhub.documents.errors import ActiveContent, ExternalContent
from qsignhub.documents.xml_reading import Looking, read_through

_RUNNING = {"DDE", "DDEAUTO"}
_FETCHING = {"DATABASE", "IMPORT", "INCLUDE", "INCLUDEPICTURE", "INCLUDETEXT", "LINK", "RD"}
_FIRST_WORD = re.compile(r"\s*\\?\s*([A-Za-z]+)")


def check_fields(chunks: Iterable[bytes]) -> None:
    """Reads a part of a Word document. Raises ActiveContent, ExternalContent or DocumentUnreadable."""
    reader = _Fields()
    read_through(chunks, reader)
    for instruction in reader.instructions:
        word = _FIRST_WORD.match(instruction)
        name = word.group(1).upper() if word else ""
        if name in _RUNNING:
            raise ActiveContent(f"The document has a field that starts something: {name}.", field="file")
        if name in _FETCHING:
            raise ExternalContent(
                f"The document has a field that takes its content from elsewhere: {name}. "
                "Turn it into plain content (Ctrl+Shift+F9 in Word) and upload the document again.",
                field="file",
            )


class _Fields(Looking):
    """Gathers instructions, each of which may be spread over runs between its field's begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self.instructions: list[str] = []
        self._open: list[list[str]] = []
        self._in_text = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        super().start(tag, attributes)
        name = tag.rpartition("}")[2]
        self._in_text = name in {"instrText", "delInstrText"}
        if name == "fldSimple":
            self.instructions += [value for key, value in attributes.items() if key.endswith("}instr")]
        elif name == "fldChar":
            kind = next((value for key, value in attributes.items() if key.endswith("}fldCharType")), "")
            if kind == "begin":
                self._open.append([])
            elif kind == "end" and self._open:
                self.instructions.append("".join(self._open.pop()))

    def data(self, data: str) -> None:
        if not self._in_text:
            return
        if self._open:
            self._open[-1].append(data)
        else:
            self.instructions.append(data)

    def end(self, _tag: str) -> None:
        self._in_text = False

    def close(self) -> None:
        self.instructions += ["".join(pieces) for pieces in self._open]
