"""The contract's printed examples, word for word in ``examples/``, and how an answer is held against one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_EXAMPLES = Path(__file__).with_name("examples")
_COMMENT = re.compile(r"(?:^|\s)//.*$", re.MULTILINE)
_ALTERNATIVES = re.compile(r'"(\w+)":\s*"\w+",?\s*//\s*(\w+(?: \| \w+)+)')

_FORMS = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    r"\d{4}-\d\d-\d\d",
    r"doc_[0-9A-Za-z]{16}",
    r"sreq_[0-9A-Za-z]{16}",
    r"sgn_[0-9A-Za-z]{12}",
    r"evt_[0-9A-Za-z]{16}",
    r"req_[0-9A-Za-z]{16}",
    r"[0-9A-F]{2}(?::[0-9A-F]{2})+",
)
"""A printed text that has one of these forms asks for the same form; the lengths of ids are the print's."""

_CUT_SHORT = {
    "sha256": r"[0-9a-f]{64}",
    "hash": r"sha256:[0-9a-f]{64}",
    "embed_token": r"eyJ[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+){2}",
}
"""What the print ends with dots, and how it goes on."""


def text(name: str) -> str:
    return (_EXAMPLES / name).read_text()


def example(name: str) -> Any:
    """A printed JSON body without its comments."""
    return json.loads(_COMMENT.sub("", text(name)))


def alternatives(name: str) -> dict[str, set[str]]:
    """The values that a comment behind a field allows: ``// pending | verified | failed``."""
    return {field: set(values.split(" | ")) for field, values in _ALTERNATIVES.findall(text(name))}


def deviations(printed: Any, given: Any, path: str = "body") -> list[str]:
    """What an answer lacks of the print: a field, its type, or the form of its text. Empty if nothing.

    Fields beyond the print are allowed, and so are further entries of a list; its first ones are compared.
    """
    if isinstance(printed, dict):
        if not isinstance(given, dict):
            return [f"{path}: {given!r} is no object"]
        found = [f"{path}.{name}: is missing" for name in printed if name not in given]
        for name in printed.keys() & given.keys():
            found += deviations(printed[name], given[name], f"{path}.{name}")
        return found
    if isinstance(printed, list):
        if not isinstance(given, list) or len(given) < len(printed):
            return [f"{path}: {given!r} is no list of at least {len(printed)}"]
        return [
            deviation
            for index, entry in enumerate(printed)
            for deviation in deviations(entry, given[index], f"{path}[{index}]")
        ]
    if isinstance(printed, float):
        if not isinstance(given, int | float) or isinstance(given, bool):
            return [f"{path}: {given!r} is no number"]
    elif type(given) is not type(printed):
        return [f"{path}: {given!r} is no {type(printed).__name__}"]
    elif isinstance(printed, str) and not re.fullmatch(_form_of(printed, path.rpartition(".")[2]), given):
        return [f"{path}: {given!r} has not the form of {printed!r}"]
    return []


def _form_of(printed: str, field: str) -> str:
    if printed.endswith("...") and field in _CUT_SHORT:
        return _CUT_SHORT[field]
    if printed.startswith("https://"):
        return _form_of_url(printed)
    return next((form for form in _FORMS if re.fullmatch(form, printed)), "(?s:.+)")


def _form_of_url(printed: str) -> str:
    """The same host and path: what is cut short in it, ids and link tokens may be others."""
    form = re.escape(printed)
    form = re.sub(r"(doc|sreq)_[0-9A-Za-z]+(\\\.){3}", r"\1_[0-9A-Za-z]{16}", form)
    form = form.replace(r"\.\.\.", r"sreq_[0-9A-Za-z]{16}")
    form = re.sub(r"/([rs])/[0-9A-Za-z]+$", r"/\1/[0-9A-Za-z]+", form)
    return form + r"(?:\?[^#\s]*)?"
