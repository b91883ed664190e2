"""The register of rules. A rule is one function; it says what is wrong, and nothing where all is well."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from qsignhub.authority.lint.inspected import Inspected
from qsignhub.authority.profiles import Kind

Judge = Callable[[Inspected], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``kinds``: the kinds of profile that it is for; none stands for all of them."""

    name: str
    clause: str
    kinds: Collection[Kind]
    judge: Judge


RULES: Final[list[Rule]] = []


def rule(clause: str, *kinds: Kind) -> Callable[[Judge], Judge]:
    def add(judge: Judge) -> Judge:
        RULES.append(Rule(judge.__name__, clause, frozenset(kinds), judge))
        return judge

    return add
