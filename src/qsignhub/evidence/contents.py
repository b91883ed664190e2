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
from qsignhub.evidence.model import History, Party
from qsignhub.evidence.report import SANDBOX_SENTENCE, SANDBOX_WORD

Pictures = Callable[[Party], Awaitable[Mapping[str, bytes]]]
"""The pictures of a signer's identity check: PNG by what they show, ``document``, ``portrait``."""


async def contents(
    history: History, *, html: bytes, pdf: bytes, signed: AsyncIterable[bytes], pictures: Pictures
) -> AsyncIterator[ArchivedFile]:
    """The files of the archive, each made when its turn comes.

    Raises RecordedFileChanged, with the signed document, if it is not the one on record.
    """
    yield ArchivedFile("README.txt", _read_me(history).encode())
    yield ArchivedFile("history.html", html)
    yield ArchivedFile("history.pdf", pdf)
    for party in history.parties:
        if party.certificate is not None:
            pem = "".join(ssl.DER_cert_to_PEM_cert(der) for der in party.certificate.chain)
            yield ArchivedFile(_certificate_name(party), pem.encode())
        for shows, png in (await pictures(party)).items():
            name = f"{numbered_name(party.number, party.name)}-{plain_name(shows)}"
            yield ArchivedFile(f"identity/{name}.png", png)
    yield ArchivedFile(_inside(history.signed.name), _checked(signed, history.signed.sha256))


async def _checked(stream: AsyncIterable[bytes], sha256: str) -> AsyncIterator[bytes]:
    seen = hashlib.sha256()
    async for piece in stream:
        seen.update(piece)
        yield piece
    if seen.hexdigest() != sha256:
        raise RecordedFileChanged("The stored signed document is not the one on record; it is no proof.")


def _certificate_name(party: Party) -> str:
    return f"certificates/{numbered_name(party.number, party.name)}.pem"


def _inside(name: str) -> str:
    """A file name of ours, and nothing but a name: what unpacks the archive stays in its folder."""
    return PurePosixPath(name).name


def _read_me(history: History) -> str:
    certificates = [_certificate_name(party) for party in history.parties if party.certificate]
    return _plain_text().render(
        request_id=history.request_id,
        sandbox=history.sandbox,
        sandbox_word=SANDBOX_WORD,
        sandbox_sentence=SANDBOX_SENTENCE,
        signed=_inside(history.signed.name),
        sha256=history.signed.sha256,
        certificates=certificates,
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
