"""Section 11: the countries and the providers that the contract names."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.contract import printed
from tests.contract.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRINTED = "11-providers.txt"
_FIRST_OF_FLAG_LETTERS = ord("\N{REGIONAL INDICATOR SYMBOL LETTER A}")


def code_of(flag: str) -> str:
    return "".join(chr(ord(letter) - _FIRST_OF_FLAG_LETTERS + ord("A")) for letter in flag)


def flags() -> list[str]:
    return re.findall(
        "[\N{REGIONAL INDICATOR SYMBOL LETTER A}-\N{REGIONAL INDICATOR SYMBOL LETTER Z}]{2}",
        printed.text(PRINTED),
    )


async def test_the_named_countries_and_fourteen_others(world: World) -> None:
    given = (await world.get("/v1/idp/countries"))["data"]
    codes = [country["country"] for country in given]
    assert (
        codes[: len(flags())] == [code_of(flag) for flag in flags()] == ["PL", "DE", "FR", "ES", "IT", "CZ"]
    )
    assert "+14" in printed.text(PRINTED)
    assert len(codes) == len(set(codes)) == 6 + 14


async def test_each_named_provider_is_there(world: World) -> None:
    given = {country["name"]: country for country in (await world.get("/v1/idp/countries"))["data"]}
    lines = printed.text(PRINTED).splitlines()
    named = {
        line.split(" ", 1)[1]: below.split(" · ")
        for line, below in itertools.pairwise(lines)
        if " · " in below
    }
    assert named.keys() == {"Poland", "Germany", "France"}
    for country, providers in named.items():
        assert [provider["name"] for provider in given[country]["providers"]] == providers
    assert set(given["Poland"]["certificate_issuers"]) == {"KIR", "CERTUM", "SZAFIR"}


@pytest.mark.parametrize(("country", "levels"), [("PL", {"QES"}), ("FR", {"QES", "AES"})])
async def test_the_levels_are_the_printed_ones(world: World, country: str, levels: set[str]) -> None:
    given = (await world.get("/v1/idp/countries"))["data"]
    (shown,) = (each for each in given if each["country"] == country)
    assert set(shown["signature_levels"]) >= levels
