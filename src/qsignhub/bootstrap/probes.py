"""What the readiness page asks: a probe for every adapter, essential or not."""

from __future__ import annotations

from collections.abc import Mapping

from qsignhub.ceremonies.routing import TrustServices
from qsignhub.documents.service import Documents
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.database import Database
from qsignhub.foundation.readiness import Probe, missing
from qsignhub.foundation.scope import Mode
from qsignhub.notifications.service import Notifications
from qsignhub.settings import Settings


def probes(
    settings: Settings,
    database: Database,
    blobs: Blobs,
    documents: Documents,
    trust: TrustServices,
    notifications: Notifications,
) -> Mapping[str, Probe]:
    return {
        "database": Probe(database.ping),
        "storage": Probe(blobs.ping),
        **_trust_probes(trust, "test"),
        **_trust_probes(trust, "live"),
        **_mail_probes(settings, notifications),
        "office documents": Probe(documents.converter.ping, essential=False),
    }


def _trust_probes(trust: TrustServices, mode: Mode) -> dict[str, Probe]:
    """A world without a trust service is no fault: requests in it are refused, and say why. What is outside
    may be down without making the service less ready: signatures wait for it.
    """
    services = trust.all_of(mode)
    if not services:
        return {f"trust service ({mode})": missing(f"No trust service is configured for {mode} signatures.")}
    found = {}
    for service in services:
        where = mode if len(services) == 1 else f"{mode}, {service.name}"
        essential = mode == "test"
        found[f"custody ({where})"] = Probe(service.custody.ping, essential=essential)
        found[f"timestamps ({where})"] = Probe(service.timestamps.ping, essential=essential)
        found[f"revocation ({where})"] = Probe(service.revocation.ping, essential=essential)
    return found


def _mail_probes(settings: Settings, notifications: Notifications) -> dict[str, Probe]:
    if settings.smtp_url is not None:
        return {"mail": Probe(notifications.ping, essential=False)}
    return {"mail": missing("No mail server is configured, so nobody is written to: set QSIGNHUB_SMTP_URL.")}
