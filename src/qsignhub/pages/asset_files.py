"""Style sheets, scripts, icon and typeface, served under names that hold their content's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qsignhub.foundation.typefaces import file_of

_FOLDER = Path(__file__).parent / "assets"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}


@dataclass(frozen=True, slots=True)
class Asset:
    served_as: str
    """``page.3f2a9c1b0d4e.css``: a new content is a new name, so that browsers may keep it for ever."""
    media_type: str
    content: bytes


def load() -> Mapping[str, Asset]:
    """Every asset by its own name. They are few and small: they live in memory.

    A style sheet names the typeface by its own name, and is given the one that it is served under.
    """
    found: dict[str, Asset] = {}
    typeface = file_of("Handwritten")
    for path in (typeface, *sorted(_FOLDER.iterdir())):
        content = path.read_bytes()
        if path.suffix == ".css":
            content = content.replace(typeface.name.encode(), found[typeface.name].served_as.encode())
        digest = hashlib.sha256(content).hexdigest()[:12]
        found[path.name] = Asset(f"{path.stem}.{digest}{path.suffix}", _MEDIA_TYPES[path.suffix], content)
    return found
