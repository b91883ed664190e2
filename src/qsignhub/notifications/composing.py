"""A notice put into words: a mail in plain text and HTML, or a text message.

What comes from people (names, titles, their own message) is filled in as text and nothing else: in a
head it breaks no line, in HTML it is escaped, and nowhere does it turn the direction of the words around.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from qsignhub.notifications.inert import lines, one_line
from qsignhub.notifications.languages.words import Words
from qsignhub.notifications.model import Content, Matter

_NAME_IN_SUBJECT = 60
_NAME_IN_TEXT = 40
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def compose_mail(words: Words, matter: Matter) -> Content:
    subject = _marked(
        matter, _fill(getattr(words.subject, matter.kind), matter, _shortened(_NAME_IN_SUBJECT))
    )
    values: dict[str, Any] = {
        "words": words,
        "sandbox": matter.sandbox,
        "withdrawn": matter.kind == "cancellation",
        "subject": subject,
        "heading": getattr(words.heading, matter.kind),
        "opening": getattr(words.opening, matter.kind),
        "level": getattr(words.level, matter.signature_type),
        "until": words.moment_of(matter.open_until),
        "link": matter.link,
        "note": lines(matter.note or ""),
        "note_heading": getattr(words.note, matter.kind),
    }

    def render(template: str, show: Callable[[str], str], quote: Callable[[str], str]) -> str:
        def say(text: str) -> str:
            return _fill(quote(text), matter, show)

        return _TEMPLATES.get_template(template).render(values, say=say, document=show(matter.document_name))

    return Content(subject, render("letter.txt", one_line, str), render("letter.html", _isolated, escape))


def compose_text(words: Words, matter: Matter) -> Content:
    """A text message: as short as it gets, for it costs by the piece. The sender's own words have no room."""
    said = _fill(getattr(words.text, matter.kind), matter, _shortened(_NAME_IN_TEXT))
    return Content(None, _marked(matter, said), None)


def _fill(text: str, matter: Matter, show: Callable[[str], str]) -> str:
    return text.format(
        account=show(matter.account_name),
        name=show(matter.signer_name),
        document=show(matter.document_name),
        link=matter.link,
    )


def _marked(matter: Matter, text: str) -> str:
    return f"[SANDBOX] {text}" if matter.sandbox else text


def _shortened(limit: int) -> Callable[[str], str]:
    return lambda text: one_line(text, limit)


def _isolated(text: str) -> Markup:
    """A name in HTML, kept from changing the direction of the words around it."""
    return Markup("<bdi>{}</bdi>").format(one_line(text))
