"""GET /v1/idp/countries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from qsignhub.bootstrap import Services
from qsignhub.foundation.clock import SystemClock
from qsignhub.identity.adapters.sandbox import SandboxIdentityProvider
from qsignhub.identity.service import IdentityVerifications
from tests.api.serving import application, asking, new_key

EU = {
    *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE"),
    *("IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
}
"""ISO 3166-1 codes of the 27."""


async def countries(services: Services, mode: str) -> dict[str, Mapping[str, Any]]:
    async with asking(application(services), key=await new_key(services, mode)) as client:
        answer = await client.get("/v1/idp/countries")
    assert answer.status_code == 200
    assert answer.json().keys() == {"data", "next_cursor"}
    assert answer.json()["next_cursor"] is None
    found = {entry["country"]: entry for entry in answer.json()["data"]}
    assert len(found) == len(answer.json()["data"])
    return found


def names(entry: Mapping[str, Any]) -> list[str]:
    return [provider["name"] for provider in entry["providers"]]


async def test_twenty_countries_as_the_contract_names_them(services: Services) -> None:
    found = await countries(services, "test")
    assert len(found) == 20
    assert list(found)[:6] == ["PL", "DE", "FR", "ES", "IT", "CZ"]
    assert found.keys() <= EU
    assert names(found["PL"]) == ["Profil Zaufany", "mObywatel", "KIR"]
    assert found["PL"]["certificate_issuers"] == ["KIR", "CERTUM", "SZAFIR"]
    assert found["PL"]["signature_levels"] == ["QES"]
    assert names(found["DE"]) == ["BankID", "Bundesdruckerei"]
    assert names(found["FR"]) == ["France Identité", "La Poste"]
    assert found["FR"]["signature_levels"] == ["QES", "AES"]
    for entry in found.values():
        assert entry.keys() - {"note"} == {
            *("country", "name", "providers", "signature_levels", "certificate_issuers")
        }
        assert names(entry)
        assert {"QES", "AES"} >= set(entry["signature_levels"]) != set()


async def test_with_a_test_key_all_are_the_sandbox_s_mock_and_say_so(services: Services) -> None:
    for entry in (await countries(services, "test")).values():
        for provider in entry["providers"]:
            assert provider == {"name": provider["name"], "configured": True, "sandbox": True}


async def test_with_a_live_key_none_is_configured(services: Services) -> None:
    for entry in (await countries(services, "live")).values():
        for provider in entry["providers"]:
            assert provider == {"name": provider["name"], "configured": False}


async def test_configured_is_what_the_wired_provider_covers(services: Services) -> None:
    class SpeaksWithMitId(SandboxIdentityProvider):
        def covers(self, country: str, provider: str) -> bool:
            return (country, provider) == ("DK", "MitID")

    wired = replace(services, identities=IdentityVerifications({"live": SpeaksWithMitId(SystemClock())}))
    found = await countries(wired, "live")
    configured = {
        (code, provider["name"])
        for code, entry in found.items()
        for provider in entry["providers"]
        if provider["configured"]
    }
    assert configured == {("DK", "MitID")}


@pytest.mark.parametrize(("key", "code"), [(None, "API_KEY_MISSING"), ("qsh_test_x", "API_KEY_INVALID")])
async def test_it_needs_a_key(services: Services, key: str | None, code: str) -> None:
    async with asking(application(services), key=key) as client:
        answer = await client.get("/v1/idp/countries")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code
