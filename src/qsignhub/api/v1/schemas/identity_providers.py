from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qsignhub.api.v1.schemas.values import Country, Given


class IdentityProvider(Given):
    id: str
    name: str


class IdentityCountry(Given):
    country: Annotated[Country, Field(description="ISO 3166-1 alpha-2.")]
    name: str
    providers: list[IdentityProvider]


class IdentityCountries(Given):
    """Where signers can identify themselves with ``eidas_idp``, and with what."""

    data: list[IdentityCountry]
