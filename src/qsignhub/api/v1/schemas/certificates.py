from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from qsignhub.api.v1.schemas.values import Absent, Given, Instant, Taken

SerialNumber = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){0,20}$",
            "description": "`certificate.serial` of a signer; the colons may be left out.",
        }
    ),
]
Reason = Literal[
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
]


class RevocationIn(Taken):
    reason: Annotated[Reason, Field(description="Of RFC 5280 §5.3.1, but for those that can be taken back.")]


class Certificate(Given):
    serial: Annotated[str, Field(description="Hexadecimal, in pairs: 3A:F2:…")]
    status: Literal["good", "revoked"]
    issued_at: Instant
    valid_from: Instant
    valid_to: Instant
    revoked_at: Instant | Absent = None
    reason: str | Absent = None
