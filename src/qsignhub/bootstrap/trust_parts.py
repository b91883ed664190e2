"""What all trust services of an installation are made of."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Register, Vault
from qsignhub.settings import Settings
from qsignhub.timestamping.clock_watch import ClockWatch


@dataclass(frozen=True, slots=True)
class TrustParts:
    """``side`` commits by itself; ``stack`` closes what is opened with it."""

    settings: Settings
    side: Database
    vault: Vault
    register: Register
    clock: Clock
    watch: ClockWatch | None
    stack: AsyncExitStack
