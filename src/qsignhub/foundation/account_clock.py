"""An account's own time: the real one, but in test mode it can be moved ahead.

What an integrator waits for (deadlines, retention, the pause between reminders) goes by this clock.
Certificates, timestamps, authorisations and links always go by the real one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction, fetch_one
from qsignhub.foundation.errors import Forbidden, Invalid
from qsignhub.foundation.scope import Scope

FARTHEST = timedelta(days=3650)


class TestModeOnly(Forbidden):
    __test__ = False  # the name is the domain's: nothing for pytest to collect
    code = "TEST_MODE_ONLY"


class ClockTooFar(Invalid):
    code = "CLOCK_TOO_FAR"


class AccountClock:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def now(self, tx: Transaction, scope: Scope) -> datetime:
        """The account's time, in UTC; in live mode the real one, without asking the database."""
        return self._clock.now() + await self.ahead(tx, scope)

    async def ahead(self, tx: Transaction, scope: Scope) -> timedelta:
        """How far the account's test world is ahead of the real time; never negative."""
        if scope.mode == "live":
            return timedelta(0)
        row = await fetch_one(tx, "SELECT ahead FROM test_clocks WHERE account_id = %s", (scope.account_id,))
        return row["ahead"] if row else timedelta(0)

    async def advance(self, tx: Transaction, scope: Scope, by: timedelta) -> timedelta:
        """Moves the account's test world ahead; returns how far it is. Raises TestModeOnly, ClockTooFar."""
        only_test_mode(scope)
        await tx.execute(
            "INSERT INTO test_clocks (account_id, ahead) VALUES (%(account)s, %(by)s) "
            "ON CONFLICT (account_id) DO UPDATE SET ahead = test_clocks.ahead + excluded.ahead",
            {"account": scope.account_id, "by": by},
        )
        ahead = await self.ahead(tx, scope)
        if ahead > FARTHEST:
            raise ClockTooFar(
                f"The clock can be {FARTHEST.days} days ahead of the real time and no more; "
                "use a fresh account for another beginning.",
                field="seconds",
            )
        return ahead


def only_test_mode(scope: Scope) -> None:
    """Raises TestModeOnly for a live scope."""
    if scope.mode == "live":
        raise TestModeOnly("This is of the test world alone: use a test key.")
