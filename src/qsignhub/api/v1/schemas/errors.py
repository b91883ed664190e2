from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qsignhub.api.v1.schemas.values import Absent, Given, Link


class WrongField(Given):
    field: Annotated[str, Field(description="Its path, e.g. signers.0.email.")]
    code: Annotated[str, Field(description="What is wrong with it; has a page as error codes have.")]
    message: str


class ErrorDetails(Given):
    code: Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]+$", description="Stable; decide by this.")]
    message: Annotated[str, Field(description="What happened, and the way out; for people.")]
    docs_url: Annotated[Link, Field(description="The page of this code.")]
    request_id: Annotated[str, Field(description="As in X-Request-Id; name it when you ask for support.")]
    field: Annotated[str | Absent, Field(description="The input that it is about.")] = None
    fields: Annotated[list[WrongField] | Absent, Field(description="With 422: everything that is wrong.")] = (
        None
    )


class ErrorAnswer(Given):
    error: ErrorDetails
