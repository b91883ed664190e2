from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.file_links import VALID_FOR, FileLinkInvalid, FileLinks
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey

PATH = "/docs/sreq_7Yx4kP9nQ3mB2wR1/signed.pdf"
SCOPE = Scope("acc_A", "test")


class Link:
    """A link taken apart, to be put together otherwise."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        query = parse_qs(parts.query, strict_parsing=True)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path
        self.owner = query["owner"][0]
        self.expires = int(query["expires"][0])
        self.signature = query["signature"][0]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def links(clock: SettableClock) -> FileLinks:
    return FileLinks(MasterKey(bytes(32)), "https://sign.example/", clock)


@pytest.mark.parametrize("scope", [SCOPE, Scope("acc_A", "live"), Scope("acc_B", "test")])
def test_a_link_says_whose_file_it_is(links: FileLinks, scope: Scope) -> None:
    link = Link(links.url(scope, PATH))
    assert link.origin == "https://sign.example"
    assert link.path == PATH
    assert links.scope_behind(link.path, link.owner, link.expires, link.signature) == scope


def test_a_link_holds_for_its_time_and_no_longer(links: FileLinks, clock: SettableClock) -> None:
    link = Link(links.url(SCOPE, PATH))
    clock.advance(VALID_FOR - timedelta(seconds=1))
    assert links.scope_behind(PATH, link.owner, link.expires, link.signature) == SCOPE
    clock.advance(timedelta(seconds=1))
    with pytest.raises(FileLinkInvalid):
        links.scope_behind(PATH, link.owner, link.expires, link.signature)


@pytest.mark.parametrize(
    "altered",
    [
        {"path": "/docs/sreq_another000000000/signed.pdf"},
        {"path": PATH + "/"},
        {"path": ""},
        {"owner": "test.acc_B"},
        {"owner": "live.acc_A"},
        {"owner": "acc_A"},
        {"owner": ""},
        {"owner": "test.acc_Ä"},
        {"expires": 2**52},
        {"expires": 0},
        {"signature": ""},
        {"signature": "0" * 64},
        {"signature": "ä" * 64},
    ],
)
def test_case_30_an_altered_link_opens_nothing(links: FileLinks, altered: dict[str, str | int]) -> None:
    link = Link(links.url(SCOPE, PATH))
    given = {"path": PATH, "owner": link.owner, "expires": link.expires, "signature": link.signature}
    with pytest.raises(FileLinkInvalid):
        links.scope_behind(**{**given, **altered})  # type: ignore[arg-type]


def test_every_altered_digit_of_the_signature_is_noticed(links: FileLinks) -> None:
    link = Link(links.url(SCOPE, PATH))
    for at, digit in enumerate(link.signature):
        altered = link.signature[:at] + ("0" if digit != "0" else "1") + link.signature[at + 1 :]
        with pytest.raises(FileLinkInvalid):
            links.scope_behind(PATH, link.owner, link.expires, altered)


def test_a_link_of_another_installation_opens_nothing(links: FileLinks, clock: SettableClock) -> None:
    link = Link(FileLinks(MasterKey(bytes(range(32))), "https://sign.example", clock).url(SCOPE, PATH))
    with pytest.raises(FileLinkInvalid):
        links.scope_behind(PATH, link.owner, link.expires, link.signature)


def test_a_part_of_the_path_cannot_become_a_part_of_the_owner(links: FileLinks) -> None:
    url = links.url(SCOPE, "/docs/x?live.acc_B&1")
    signature, expires = url.rpartition("signature=")[2], int(url.partition("expires=")[2][:10])
    assert links.scope_behind("/docs/x?live.acc_B&1", "test.acc_A", expires, signature) == SCOPE
    with pytest.raises(FileLinkInvalid):
        links.scope_behind("/docs/x", "live.acc_B&1?test.acc_A", expires, signature)
