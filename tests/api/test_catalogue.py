"""Every code in the program has an entry in the catalogue, and every entry a code behind it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator

import qsignhub
from qsignhub.api.catalogue import entries
from qsignhub.api.errors import status_of
from qsignhub.foundation.errors import QSignHubError

OF_HTTP_ITSELF = {"METHOD_NOT_ALLOWED": 405}
ON_THEIR_WAY = {
    *("RATE_LIMITED", "IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_IN_USE"),
    *("REMINDER_LIMIT_REACHED", "REMINDER_TOO_SOON"),
}
"""Codes of the contract's parts that are being built: described before the program has them."""


def derived(kind: type[QSignHubError]) -> Iterator[type[QSignHubError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from derived(below)


def statuses_by_code() -> dict[str, set[int]]:
    for module in pkgutil.walk_packages(qsignhub.__path__, "qsignhub."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, set[int]] = defaultdict(set)
    for kind in set(derived(QSignHubError)):
        if kind.__module__.startswith("qsignhub."):
            found[kind.code].add(status_of(kind("")).value)
    for code, status in OF_HTTP_ITSELF.items():
        found[code].add(status)
    return found


def test_every_code_has_an_entry() -> None:
    missing = statuses_by_code().keys() - entries().keys()
    assert not missing, f"Add to src/qsignhub/api/catalogue/*.toml: {sorted(missing)}"


def test_every_entry_has_a_code_behind_it() -> None:
    invented = entries().keys() - statuses_by_code().keys() - ON_THEIR_WAY
    assert not invented, f"No error of the program has this code: {sorted(invented)}"


def test_the_status_is_the_one_that_the_answer_has() -> None:
    found = statuses_by_code()
    wrong = {
        code: (entry.status, found[code])
        for code, entry in entries().items()
        if code in found and entry.status not in found[code]
    }
    assert not wrong


def test_an_entry_says_what_happened_and_what_to_do() -> None:
    for entry in entries().values():
        assert entry.title
        assert not entry.title.endswith("."), entry.code
        assert entry.cause.endswith("."), entry.code
        assert entry.mend.endswith("."), entry.code
