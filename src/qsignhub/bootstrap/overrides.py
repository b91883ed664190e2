"""What tests put in place of the real thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qsignhub.bootstrap.key_places import MakeCustody
from qsignhub.ceremonies.signature import Checkpoint
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.clock import Clock
from qsignhub.notifications.ports import MailSender


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a test puts in place of the real thing."""

    clock: Clock | None = None
    checkpoint: Checkpoint | None = None
    custody: MakeCustody | None = None
    """The keeper of the sandbox's signing keys."""
    trust_service: Callable[[TrustService], TrustService] | None = None
    live_trust: Callable[[TrustService], TrustService] | None = None
    """Makes live mode's trust service of the sandbox's, which never stands in for it by itself."""
    mail: MailSender | None = None
    """Live mode's, in place of the SMTP server."""
