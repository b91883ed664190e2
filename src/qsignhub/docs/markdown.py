"""Markdown to HTML as the documentation wants it: headings to link to, code to copy, links under a prefix."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_LANGUAGES = {
    "sh": "Shell",
    "json": "JSON",
    "python": "Python",
    "js": "Node.js",
    "http": "HTTP",
    "text": "Text",
}
_TABLE_ROLES = {
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}
"""Said, because on a phone a row is laid out as a block, and browsers then forget what it is."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the second level, for the table of contents."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    sections: tuple[Section, ...]


class _Html(RendererHTML):
    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        """The text between the tags is exactly what is to be copied; focusable, for it may be scrolled."""
        language = tokens[idx].info.strip()
        label = _LANGUAGES.get(language, language or "Text")
        code = escape(tokens[idx].content, quote=False)
        return (
            f'<figure class="code"><figcaption>{escape(label)}</figcaption>'
            f'<pre tabindex="0"><code>{code}</code></pre></figure>\n'
        )

    def table_open(self, *_: Any) -> str:
        return '<table role="table">\n'


_parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Html).enable("table")


def render(text: str, prefix: str = "") -> Rendered:
    """``prefix`` begins every link to a page of ours. HTML in the text is shown, not used."""
    tokens = _parser.parse(text)
    sections = []
    taken: set[str] = set()
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _plain(tokens[index + 1])
            anchor = _anchor(title, taken)
            token.attrSet("id", anchor)
            if token.tag == "h2":
                sections.append(Section(anchor, title))
        if token.type in _TABLE_ROLES:
            token.attrSet("role", _TABLE_ROLES[token.type])
        for child in token.children or ():
            target = child.attrGet("href")
            if child.type == "link_open" and isinstance(target, str) and target.startswith("/"):
                child.attrSet("href", prefix + target)
    return Rendered(_parser.renderer.render(tokens, _parser.options, {}), tuple(sections))


def _plain(heading: Token) -> str:
    return "".join(child.content for child in heading.children or ())


def _anchor(title: str, taken: set[str]) -> str:
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-") or "section"
    anchor, number = wanted, 2
    while anchor in taken:
        anchor, number = f"{wanted}-{number}", number + 1
    taken.add(anchor)
    return anchor
