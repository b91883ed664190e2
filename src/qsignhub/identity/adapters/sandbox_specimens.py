"""What a picture of an identity check would be, drawn: the sandbox photographs nobody, and it shows."""

from __future__ import annotations

import io
import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from qsignhub.foundation.typefaces import Weight, file_of
from qsignhub.identity.model import Identity

CARD = (856, 540)  # ID-1, ISO/IEC 7810: 85.60 by 53.98 mm, ten pixels to the millimetre
PORTRAIT = (480, 600)
_SCALE = 2  # drawn twice as large, for smooth edges
_INK, _QUIET, _ACCENT = "#14211f", "#4c5a57", "#0b5d5b"
_PAPER, _DESK, _SHADE, _FIGURE = "#f7faf9", "#e4ecea", "#d5e2df", "#8fa8a3"
_BAND, _STRIPE, _BAND_INK = "#f6cf5f", "#e8b63a", "#241b00"
_MARK = "SANDBOX · SPECIMEN · NOT A DOCUMENT"
_TITLES = {
    "passport": "PASSPORT",
    "national_id": "IDENTITY CARD",
    "drivers_license": "DRIVING LICENCE",
}


def document_specimen(identity: Identity) -> bytes:
    """An identity document that nobody can take for one: PNG, the same for the same identity."""
    sheet = _Sheet(CARD, _PAPER)
    for ring in range(1, 12):  # a guilloche of sorts
        sheet.ring((820, 300), 60 * ring, _DESK)
    sheet.text((36, 26), _TITLES[identity.document_type], "Semibold", 30, _ACCENT)
    sheet.text((820, 20), identity.document_country, "Semibold", 40, _ACCENT, anchor="ra")
    sheet.line((36, 80), (820, 80), _SHADE)
    sheet.box((36, 104, 276, 404), _DESK)
    sheet.figure((36, 104, 276, 404))
    rows = (
        ("Name", identity.full_name, 2),
        ("Valid to", identity.document_expiry.isoformat(), 1),
        ("Face match score", f"{identity.match_score:.2f} of 1.00", 1),
    )
    top = 104
    for label, value, lines in rows:
        sheet.text((308, top), label, "Regular", 20, _QUIET)
        sheet.paragraph((308, top + 26), value, "Semibold", 30, lines, width=512)
        top += 64 + 40 * lines
    sheet.band(540 - 96)
    return sheet.png()


def portrait_specimen(identity: Identity) -> bytes:
    """The face that was compared with the document: a silhouette, since there was none."""
    width, height = PORTRAIT
    sheet = _Sheet(PORTRAIT, _DESK)
    sheet.figure((40, 24, width - 40, 428))
    sheet.box((0, 428, width, height), _PAPER)
    sheet.paragraph((28, 436), identity.full_name, "Semibold", 24, 1, width=width - 56)
    score = f"Face match score {identity.match_score:.2f} of 1.00"
    sheet.text((28, 470), score, "Regular", 20, _QUIET)
    sheet.band(height - 84)
    return sheet.png()


class _Sheet:
    """A drawing, measured in pixels of the finished picture from the upper left corner."""

    def __init__(self, size: tuple[int, int], ground: str) -> None:
        self._image = Image.new("RGB", (_SCALE * size[0], _SCALE * size[1]), ground)
        self._draw = ImageDraw.Draw(self._image)
        self._size = size

    def box(self, corners: tuple[int, int, int, int], fill: str) -> None:
        self._draw.rectangle([_SCALE * n for n in corners], fill=fill)

    def line(self, start: tuple[int, int], end: tuple[int, int], fill: str) -> None:
        self._draw.line([_SCALE * n for n in (*start, *end)], fill=fill, width=2 * _SCALE)

    def ring(self, centre: tuple[int, int], radius: int, fill: str) -> None:
        x, y = centre
        corners = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse([_SCALE * n for n in corners], outline=fill, width=2 * _SCALE)

    def figure(self, corners: tuple[int, int, int, int]) -> None:
        """Head and shoulders of nobody."""
        left, top, right, bottom = (_SCALE * n for n in corners)
        width, height, middle = right - left, bottom - top, (left + right) / 2
        head, neck = 0.21 * width, top + 0.42 * height
        inside = self._image.crop((left, top, right, bottom))
        draw = ImageDraw.Draw(inside)
        x = middle - left
        draw.ellipse((x - head, neck - top - 1.55 * head, x + head, neck - top + 0.85 * head), fill=_FIGURE)
        shoulders = 0.68 * height
        draw.ellipse((x - 0.4 * width, shoulders, x + 0.4 * width, shoulders + height), fill=_FIGURE)
        self._image.paste(inside, (left, top))

    def band(self, top: int) -> None:
        """The stripes that mark everything of the sandbox, down to the lower edge."""
        width, height = self._size
        tall = height - top
        self.box((0, top, width, height), _BAND)
        for left in range(-tall, width, 48):
            slanted = ((left, height), (left + 24, height), (left + 24 + tall, top), (left + tall, top))
            self._draw.polygon([(_SCALE * x, _SCALE * y) for x, y in slanted], fill=_STRIPE)
        face = _largest("Semibold", 34, _MARK, (width - 56) * _SCALE)
        self._draw.text(
            (width * _SCALE / 2, (top + tall / 2) * _SCALE), _MARK, font=face, fill=_BAND_INK, anchor="mm"
        )

    def text(
        self,
        place: tuple[int, int],
        text: str,
        weight: Weight,
        size: int,
        fill: str,
        anchor: str = "la",
    ) -> None:
        face = _face(weight, size * _SCALE)
        self._draw.text((_SCALE * place[0], _SCALE * place[1]), text, font=face, fill=fill, anchor=anchor)

    def paragraph(
        self, place: tuple[int, int], text: str, weight: Weight, size: int, lines: int, *, width: int
    ) -> None:
        """In no more than ``lines``, set smaller and at last cut off if need be."""
        for smaller in range(size, size * 2 // 3, -2):
            face = _face(weight, smaller * _SCALE)
            broken = _broken(text, face, width * _SCALE)
            if len(broken) <= lines:
                break
        if len(broken) > lines:
            last = broken[lines - 1]
            while last and face.getlength(f"{last}…") > width * _SCALE:
                last = last[:-1]
            broken = [*broken[: lines - 1], f"{last}…"]
        for number, line in enumerate(broken):
            at = (_SCALE * place[0], _SCALE * (place[1] + number * size * 5 // 4))
            self._draw.text(at, line, font=face, fill=_INK)

    def png(self) -> bytes:
        finished = io.BytesIO()
        self._image.reduce(_SCALE).save(finished, "PNG")
        return finished.getvalue()


def _broken(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Lines that fit; a word that does not is broken anywhere."""
    lines = [""]
    for word in unicodedata.normalize("NFC", text).split():
        joined = f"{lines[-1]} {word}".strip()
        if face.getlength(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and face.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _largest(weight: Weight, size: int, text: str, width: float) -> ImageFont.FreeTypeFont:
    face = _face(weight, size * _SCALE)
    return _face(weight, int(size * _SCALE * min(1.0, width / face.getlength(text))))


@cache
def _face(weight: Weight, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file_of(weight), pixels, layout_engine=ImageFont.Layout.BASIC)
