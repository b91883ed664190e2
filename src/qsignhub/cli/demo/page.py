"""The signing page, used as a browser without scripts does: read the form, fill it in, send it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

_PATIENCE_SECONDS = 60.0


class PageUnexpected(Exception):
    """The page did not offer what comes next; the message quotes what it said."""


@dataclass(slots=True)
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.images: list[str] = []
        self.state = ""
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.state = named.get("data-state", "")
        elif tag == "form":
            self._open = Form(named.get("action", ""))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None and named.get("name"):
            if named.get("type") != "radio" or "checked" in named:
                self._open.fields[named["name"]] = named.get("value", "")
        elif tag == "img" and named.get("src"):
            self.images.append(named["src"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


class Person:
    """Somebody with a signing link."""

    def __init__(self, signing_url: str) -> None:
        self._url = signing_url
        self._browser = httpx.Client(follow_redirects=True, timeout=30)

    def look_at_document(self) -> int:
        """Opens the link and looks at every page image; how many there were."""
        page = self._read()
        for image in page.images:
            self._browser.get(urljoin(self._url, image)).raise_for_status()
        return len(page.images)

    def show_identity_document(self, number: str) -> None:
        form = self._form("identify")
        self._send(form, form.fields | {"document_number": number})

    def sign(self) -> None:
        """Presses the button and waits until the page says that the signature is there."""
        form = self._form("sign")
        self._send(form, form.fields)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (page := self._read()).state != "signed":
            if page.state == "failed" or time.monotonic() > deadline:
                raise PageUnexpected(f"The page says {page.state!r} instead of 'signed'.")
            time.sleep(0.1)

    def _read(self) -> _PageReader:
        answer = self._browser.get(self._url)
        answer.raise_for_status()
        reader = _PageReader()
        reader.feed(answer.text)
        return reader

    def _form(self, action: str) -> Form:
        page = self._read()
        for form in page.forms:
            if form.action.rstrip("/").endswith(f"/{action}"):
                return form
        raise PageUnexpected(f"The page (state {page.state!r}) has no form to {action}.")

    def _send(self, form: Form, fields: dict[str, str]) -> None:
        answer = self._browser.post(urljoin(self._url, form.action), data=fields)
        answer.raise_for_status()
