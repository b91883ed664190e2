"""The test world's clock: what takes thirty days is tested in a second."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from qsignhub.accounts.model import Principal
from qsignhub.api.body import read_json
from qsignhub.api.context import House, may
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.schemas import ClockAdvance
from qsignhub.foundation.account_clock import only_test_mode
from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction

router = APIRouter(prefix="/v1/test-clock", tags=["Sandbox"], route_class=StrictRoute)

Player = Annotated[Principal, Depends(may("sandbox"))]


@router.get("", summary="Tells the account's time in the test world")
async def get_test_clock(house: House, speaker: Player) -> Response:
    only_test_mode(speaker.scope)
    async with house.database.transaction() as tx:
        ahead = await house.account_clock.ahead(tx, speaker.scope)
    return JSONResponse(_view(house.clock.now(), ahead))


@router.post("/advance", summary="Moves the account's test world ahead in time")
async def advance_test_clock(
    request: Request, house: House, speaker: Player, key: IdempotencyKey
) -> Response:
    """Deadlines and retention that have become due happen now; reminders are possible again after a day.
    Certificates and timestamps keep to the real time. There is no way back.
    """
    body = await read_json(request, ClockAdvance)

    async def advance(tx: Transaction) -> dict[str, Any]:
        by = timedelta(seconds=body.seconds)
        ahead = await house.account_clock.advance(tx, speaker.scope, by)
        await house.ceremonies.clock_moved(tx, speaker.scope)
        return _view(house.clock.now(), ahead)

    once = Once(request, house, speaker.scope, key, body.model_dump(mode="json"))
    return await once.do(advance, HTTPStatus.OK)


def _view(now: datetime, ahead: timedelta) -> dict[str, Any]:
    return {"now": iso(now + ahead), "ahead_seconds": int(ahead.total_seconds())}
