"""What can be checked of the look without a browser: contrast, and words that are there and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qsignhub.pages import texts

PAGES = Path(texts.__file__).parent
PAIRS = [
    ("ink", "paper"),
    ("ink", "desk"),
    ("ink", "amber-tint"),
    ("ink-quiet", "paper"),
    ("ink-quiet", "desk"),
    ("accent", "paper"),
    ("accent", "desk"),
    ("accent-strong", "paper"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("green", "paper"),
    ("red", "paper"),
    ("amber", "amber-tint"),
    ("sandbox-ink", "sandbox"),
    ("sandbox-ink", "sandbox-stripe"),
]


def colours(scheme: str) -> dict[str, str]:
    light, dark = (PAGES / "assets/tokens.css").read_text().split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else found


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_it_stands_on(scheme: str) -> None:
    palette = colours(scheme)
    for front, back in PAIRS:
        darker, lighter = sorted((luminance(palette[front]), luminance(palette[back])))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{front} on {back}"


def test_every_text_is_used_by_a_template_or_a_route() -> None:
    sources = "".join(
        path.read_text()
        for path in PAGES.rglob("*")
        if path.suffix in {".html", ".py"} and path.name != "texts.py"
    )
    built = set(re.findall(r"""["']([\w.]+\.)["'] ~""", sources)) | set(
        re.findall(r"""f["']([\w.]+\.)\{""", sources)
    )
    for key in texts.ENGLISH:
        beginning, _, end = key.removesuffix(".meaning").removesuffix(".next").rpartition(".")
        assert f'"{key}"' in sources or f"'{key}'" in sources or (f"{beginning}." in built and end), key


def test_templates_hold_no_prose() -> None:
    """Words between tags come from ``texts``: a translation misses none."""
    for path in (PAGES / "templates").rglob("*.html"):
        template = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)
        words = re.sub(r"<[^>]*>", " ", template)
        assert not re.search(r"[A-Za-z]{2,}", words), path.name
