"""Lists in pages: the newest first, ``{data, next_cursor}``, with null at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import Query
from fastapi.responses import JSONResponse

from qsignhub.foundation.cursors import DEFAULT_LIMIT, MAX_LENGTH, MAX_LIMIT, Cursors
from qsignhub.foundation.scope import Scope

__all__ = ["DEFAULT_LIMIT", "Cursor", "Limit", "Listing"]

T = TypeVar("T")
Position: TypeAlias = tuple[datetime, str]
"""``(created_at, id)`` of an entry."""

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Entries on a page.")]
Cursor = Annotated[
    str | None, Query(max_length=MAX_LENGTH, description="The next_cursor of the page before.")
]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of one account, with its filters: what its cursors hold for."""

    cursors: Cursors
    scope: Scope
    name: str
    filters: Mapping[str, str | None]

    def after(self, cursor: str | None) -> Position | None:
        """Where the page begins. Raises InvalidCursor."""
        return None if cursor is None else self.cursors.read(self.scope, self.name, self.filters, cursor)

    def page(
        self,
        found: Sequence[T],
        limit: int,
        position: Callable[[T], Position],
        view: Callable[[T], dict[str, Any]],
    ) -> JSONResponse:
        """``found`` is one entry more than ``limit`` where the list goes on."""
        shown = found[:limit]
        next_cursor = None
        if len(found) > limit:
            next_cursor = self.cursors.issue(self.scope, self.name, self.filters, position(shown[-1]))
        return JSONResponse({"data": [view(each) for each in shown], "next_cursor": next_cursor})
