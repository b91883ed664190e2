from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from qsignhub.api.context import House, Speaker
from qsignhub.api.strict_route import StrictRoute
from qsignhub.foundation.scope import Mode
from qsignhub.identity.countries import COUNTRIES, Country
from qsignhub.identity.service import IdentityVerifications

router = APIRouter(prefix="/v1", tags=["Identity providers"], route_class=StrictRoute)


@router.get("/idp/countries", summary="Lists countries and their national identity providers")
async def list_countries(house: House, speaker: Speaker) -> dict[str, Any]:
    """``configured``: whether this installation reaches the provider, with a key of this mode.

    With a test key every provider is the sandbox's mock, and is marked ``sandbox``.
    """
    shown = [_view(country, speaker.scope.mode, house.identities) for country in COUNTRIES]
    return {"data": shown, "next_cursor": None}


def _view(country: Country, mode: Mode, identities: IdentityVerifications) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "country": country.code,
        "name": country.name,
        "providers": [_provider(country.code, name, mode, identities) for name in country.providers],
        "signature_levels": list(country.levels),
        "certificate_issuers": list(country.issuers),
    }
    return shown | ({"note": country.note} if country.note else {})


def _provider(country: str, name: str, mode: Mode, identities: IdentityVerifications) -> dict[str, Any]:
    shown = {"name": name, "configured": identities.is_configured(mode, country, name)}
    return shown | ({"sandbox": True} if mode == "test" else {})
