from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qsignhub.api.v1.schemas.values import Absent, Country, Given
from qsignhub.identity.countries import Level


class IdentityProvider(Given):
    name: str
    configured: Annotated[bool, Field(description="Whether this installation can ask it.")]
    sandbox: Annotated[bool | Absent, Field(description="With test keys: it is mocked.")] = None


class IdentityCountry(Given):
    country: Annotated[Country, Field(description="ISO 3166-1 alpha-2.")]
    name: str
    providers: list[IdentityProvider]
    signature_levels: list[Level]
    certificate_issuers: Annotated[list[str], Field(description="Of qualified certificates.")]
    note: str | Absent = None


class IdentityCountries(Given):
    """Where signers can identify themselves with ``eidas_idp``, and with what."""

    data: list[IdentityCountry]
    next_cursor: None
