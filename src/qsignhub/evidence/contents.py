"""What goes into the archive, under which names, and how the one who opens it can check it."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from qsignhub.evidence.archive import ArchivedFile, numbered_name, plain_name
from qsignhub.evidence.errors import RecordedFileChanged
from qsignhub.evidence.model import File, History, Party
from qsignhub.evidence.report import SANDBOX_SENTENCE, SANDBOX_WORD
from qsignhub.signing.document_name import entry_name

Pictures = Callable[[Party], Awaitable[Mapping[str, bytes]]]
"""The pictures of a signer's identity check: PNG by what they show, ``document``, ``portrait``."""


async def contents(
    history: History,
    *,
    html: bytes,
    pdf: bytes,
    signed: AsyncIterable[bytes],
    pictures: Pictures,
    original: AsyncIterable[bytes] | None = None,
) -> AsyncIterator[ArchivedFile]:
    """The files of the archive, each made when its turn comes; ``original`` where the signed one lacks it.

    Raises RecordedFileChanged, with a document, if it is not the one on record.
    """
    yield ArchivedFile("README.txt", _read_me(history, with_original=original is not None).encode())
    yield ArchivedFile("history.html", html)
    yield ArchivedFile("history.pdf", pdf)
    for party in history.parties:
        if party.certificate is not None:
            pem = "".join(ssl.DER_cert_to_PEM_cert(der) for der in party.certificate.chain)
            yield ArchivedFile(_certificate_name(party), pem.encode())
        if party.consent is not None and party.consent.click is not None:
            yield ArchivedFile(_click_name(party), party.consent.click)
        for shows, png in (await pictures(party)).items():
            name = f"{numbered_name(party.number, party.name)}-{plain_name(shows)}"
            yield ArchivedFile(f"identity/{name}.png", png)
    if original is not None:
        yield ArchivedFile(_original_name(history), _checked(original, history.document.sha256))
    file = _signed_file(history)
    yield ArchivedFile(_inside(file.name), _checked(signed, file.sha256))


async def _checked(stream: AsyncIterable[bytes], sha256: str) -> AsyncIterator[bytes]:
    seen = hashlib.sha256()
    async for piece in stream:
        seen.update(piece)
        yield piece
    if seen.hexdigest() != sha256:
        raise RecordedFileChanged("A stored document is not the one on record; it is no proof.")


def _original_name(history: History) -> str:
    """Under the name by which detached signatures refer to it."""
    return f"original/{entry_name(history.document.name)}"


def _certificate_name(party: Party) -> str:
    return f"certificates/{numbered_name(party.number, party.name)}.pem"


def _signed_file(history: History) -> File:
    if history.signed is None:
        raise ValueError("there is no archive of a request before it is completed")
    return history.signed


def _click_name(party: Party) -> str:
    return f"clicks/{numbered_name(party.number, party.name)}.json"


def _inside(name: str) -> str:
    """A file name of ours, and nothing but a name: what unpacks the archive stays in its folder."""
    return PurePosixPath(name).name


def _read_me(history: History, *, with_original: bool) -> str:
    certificates = [_certificate_name(party) for party in history.parties if party.certificate]
    return _plain_text().render(
        request_id=history.request_id,
        sandbox=history.sandbox,
        sandbox_word=SANDBOX_WORD,
        sandbox_sentence=SANDBOX_SENTENCE,
        signed=_inside(_signed_file(history).name),
        sha256=_signed_file(history).sha256,
        certificates=certificates,
        original=_original_name(history) if with_original else "",
        clicks=[_click_name(party) for party in history.parties if party.consent and party.consent.click],
    )


@cache
def _plain_text() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=False,  # noqa: S701 - plain text, of our own values alone
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("README.txt")
