"""The history as one HTML file that needs nothing else: no script, no link, no picture from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from qsignhub.evidence import report
from qsignhub.evidence.model import History

_TEMPLATES = Path(__file__).with_name("templates")
_GROUP, _HASH = 4, 40  # letters: of a group, and of the shortest hash


def render_html(history: History) -> bytes:
    """UTF-8. Everything on record is escaped; the file may be opened by anybody, anywhere."""
    return (
        _template()
        .render(
            report=report.report_of(history),
            sandbox_word=report.SANDBOX_WORD,
            sandbox_sentence=report.SANDBOX_SENTENCE,
        )
        .encode()
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["groups"] = _groups
    return environment.get_template("history.html")


def _groups(value: str) -> list[str]:
    """A hash in fours, an address or serial number as it is: to be read aloud, and still copied whole."""
    if not value.isalnum() or len(value) < _HASH:
        return [value]
    return [value[index : index + _GROUP] for index in range(0, len(value), _GROUP)]
