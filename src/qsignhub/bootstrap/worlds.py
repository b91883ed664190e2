"""Both worlds' trust services: the sandbox's, and those of the operator's file. Neither knows the other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from qsignhub.authority.service import Authority
from qsignhub.bootstrap.background import in_background
from qsignhub.bootstrap.key_places import custody_maker
from qsignhub.bootstrap.overrides import Overrides
from qsignhub.bootstrap.sandbox import open_sandbox
from qsignhub.bootstrap.sweeping import sweep_on
from qsignhub.bootstrap.trust_parts import TrustParts
from qsignhub.ceremonies.routing import Route, TrustServices
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.availability import Availability
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Register, Vault
from qsignhub.foundation.scope import Mode
from qsignhub.settings import Settings
from qsignhub.timestamping.clock_watch import ClockWatch


@dataclass(frozen=True, slots=True)
class Worlds:
    sandbox: TrustService
    authority: Authority
    """The sandbox's."""
    authorities: Mapping[str, Authority]
    """The sandbox's and the operator's own, by name."""
    trust: TrustServices


async def open_worlds(
    settings: Settings,
    side: Database,
    vault: Vault,
    register: Register,
    clock: Clock,
    overrides: Overrides,
    stack: AsyncExitStack,
) -> Worlds:
    watch = None
    if overrides.clock is None:  # one that is set by hand has no course of its own
        watch = ClockWatch(clock=clock, references=settings.ntp_references)
        await stack.enter_async_context(in_background(watch.run()))
    await stack.enter_async_context(in_background(sweep_on(vault)))
    parts = TrustParts(settings, side, vault, register, clock, watch, stack)
    make_custody = overrides.custody or custody_maker(settings.sandbox_keys, parts)
    sandbox, authority = await open_sandbox(parts, make_custody)
    if overrides.trust_service is not None:
        sandbox = overrides.trust_service(sandbox)
    authorities = {authority.name: authority}
    routes: dict[Mode, list[Route]] = {"test": [Route(sandbox, Availability(clock))]}
    if settings.trust_file is not None:
        # a quarter of a second of imports, which only those wait for who have live trust services
        from qsignhub.bootstrap.live import open_live  # noqa: PLC0415

        live = await open_live(settings.trust_file, parts)
        routes["live"] = list(live.routes)
        authorities |= live.authorities
    elif overrides.live_trust is not None:
        routes["live"] = [Route(overrides.live_trust(sandbox), Availability(clock))]
    return Worlds(sandbox, authority, authorities, TrustServices(routes))
