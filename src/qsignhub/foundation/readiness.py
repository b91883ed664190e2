"""Is everything there that the service leans on: each part is asked, all at once, within a bound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from qsignhub.foundation.errors import QSignHubError, Unavailable

logger = logging.getLogger(__name__)

_BOUND_SECONDS = 5.0


class NotConfigured(Unavailable):
    code = "NOT_CONFIGURED"


class NoAnswerInTime(Unavailable):
    code = "NO_ANSWER_IN_TIME"


@dataclass(frozen=True, slots=True)
class Probe:
    """``ping`` returns if the part is there, and raises if not. Without an essential part nothing works."""

    ping: Callable[[], Awaitable[None]]
    essential: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """How a part was found. ``code`` and ``reason`` are None where it answered."""

    name: str
    essential: bool
    code: str | None = None
    reason: str | None = None

    @property
    def status(self) -> Literal["ok", "degraded", "failed"]:
        if self.code is None:
            return "ok"
        return "failed" if self.essential else "degraded"


@dataclass(frozen=True, slots=True)
class Readiness:
    parts: tuple[Part, ...]

    @property
    def ready(self) -> bool:
        return all(part.status != "failed" for part in self.parts)


def missing(message: str) -> Probe:
    """The probe of a part that the operator may add, and has not yet."""

    async def ping() -> None:
        raise NotConfigured(message)

    return Probe(ping, essential=False)


async def examine(probes: Mapping[str, Probe], bound_seconds: float = _BOUND_SECONDS) -> Readiness:
    """Takes no longer than the bound, whatever a part does."""
    parts = await asyncio.gather(*(_ask(name, probe, bound_seconds) for name, probe in probes.items()))
    return Readiness(tuple(parts))


async def _ask(name: str, probe: Probe, bound_seconds: float) -> Part:
    try:
        async with asyncio.timeout(bound_seconds):
            await probe.ping()
    except TimeoutError:
        late = NoAnswerInTime(f"No answer within {bound_seconds:g} seconds.")
        return Part(name, probe.essential, late.code, late.message)
    except QSignHubError as exc:
        return Part(name, probe.essential, exc.code, exc.message)
    except Exception:  # a part that fails in an unforeseen way is not there either
        logger.exception("the probe of %s failed", name)
        return Part(name, probe.essential, QSignHubError.code, "An unexpected error; the log has it.")
    return Part(name, probe.essential)
