"""The composition root: settings in, frozen services out. Nobody else knows the adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qsignhub.accounts.admission import Admissions
from qsignhub.accounts.service import Accounts
from qsignhub.authority.service import Authority, open_authority
from qsignhub.ceremonies import jobs as ceremony_jobs
from qsignhub.ceremonies.cycle import SigningCycle
from qsignhub.ceremonies.dossier import Dossiers
from qsignhub.ceremonies.errors import TrustServiceNotConfigured
from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.notices import Notices
from qsignhub.ceremonies.sealing import Sealing
from qsignhub.ceremonies.service import Ceremonies
from qsignhub.ceremonies.signature import Checkpoint, SignatureSteps
from qsignhub.ceremonies.specimens import Specimens
from qsignhub.ceremonies.trust import TrustService, TrustServices
from qsignhub.ceremonies.workplace import Workplace
from qsignhub.custody.activation import ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.software import SoftwareKeys
from qsignhub.custody.ports import SigningKeys
from qsignhub.custody.service import Custody
from qsignhub.documents.inspector import Inspector
from qsignhub.documents.service import Documents
from qsignhub.foundation.account_clock import AccountClock
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.clock import Clock, SystemClock
from qsignhub.foundation.cursors import Cursors
from qsignhub.foundation.database import Database
from qsignhub.foundation.events import Events
from qsignhub.foundation.file_links import FileLinks
from qsignhub.foundation.jobs import JobHandler, Jobs
from qsignhub.foundation.links import Links
from qsignhub.foundation.readiness import Probe, missing
from qsignhub.foundation.register import Register, Vault
from qsignhub.foundation.scope import Mode
from qsignhub.identity.adapters.sandbox import SandboxIdentityProvider
from qsignhub.identity.service import IdentityVerifications
from qsignhub.notifications.adapters.outbox import Outbox
from qsignhub.notifications.adapters.smtp import SmtpMail
from qsignhub.notifications.adapters.unconfigured import NoMail, NoTexts
from qsignhub.notifications.mail_server import MailServer, sender_address
from qsignhub.notifications.ports import MailSender
from qsignhub.notifications.repository import MessageRepository
from qsignhub.notifications.service import Notifications, Senders
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource, LocalIssuer
from qsignhub.settings import Settings
from qsignhub.signature_requests.embed_tokens import EmbedTokens, open_embed_tokens
from qsignhub.signature_requests.events import Announcements
from qsignhub.signature_requests.repository import SignatureRequestRepository
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.webhooks.service import DELIVER_JOB, LISTENER_JOB, Webhooks

_SIDE_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an entrance needs; each is shared by all requests or jobs of the process."""

    settings: Settings
    clock: Clock
    account_clock: AccountClock
    database: Database
    blobs: Blobs
    file_links: FileLinks
    cursors: Cursors
    inspector: Inspector
    accounts: Accounts
    admissions: Admissions
    documents: Documents
    signature_requests: SignatureRequests
    embed_tokens: EmbedTokens
    identities: IdentityVerifications
    ceremonies: Ceremonies
    dossiers: Dossiers
    authority: Authority
    specimens: Specimens
    trust: TrustServices
    webhooks: Webhooks
    notifications: Notifications
    job_handlers: Mapping[str, JobHandler]
    probes: Mapping[str, Probe]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a test puts in place of the real thing."""

    clock: Clock | None = None
    checkpoint: Checkpoint | None = None
    signing_keys: Callable[[SigningKeys], SigningKeys] | None = None
    trust_service: Callable[[TrustService], TrustService] | None = None
    live_trust: Callable[[TrustService], TrustService] | None = None
    """Makes live mode's trust service of the sandbox's, which never stands in for it by itself."""
    mail: MailSender | None = None
    """Live mode's, in place of the SMTP server."""


@asynccontextmanager
async def open_services(
    settings: Settings, conninfo: str, overrides: Overrides | None = None
) -> AsyncIterator[Services]:
    """Opens everything, in the order of need, and closes it again. The database is migrated already."""
    overrides = overrides or Overrides()
    async with AsyncExitStack() as stack:
        yield await _compose(settings, conninfo, overrides, stack)


async def _compose(
    settings: Settings, conninfo: str, overrides: Overrides, stack: AsyncExitStack
) -> Services:
    settings.spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = overrides.clock or SystemClock()
    key = settings.open_master_key()
    database = Database(conninfo, connections=settings.worker_concurrency + 4)
    await database.open()
    stack.push_async_callback(database.close)
    # What must commit by itself, in the middle of a transaction, waits for nobody's connection.
    side = Database(conninfo, connections=_SIDE_CONNECTIONS)
    await side.open()
    stack.push_async_callback(side.close)

    blobs = Blobs(settings.blobs_url)
    inspector = Inspector(preload=("qsignhub.validation",))
    stack.push_async_callback(inspector.close)
    jobs = Jobs()
    account_clock = AccountClock(clock)
    file_links = FileLinks(key, settings.files_base, clock)
    vault, register = Vault(side, key), Register(side)
    events = Events(jobs, clock, [LISTENER_JOB])

    accounts = Accounts(clock)
    documents = Documents(blobs, inspector, clock)
    identities = IdentityVerifications({"test": SandboxIdentityProvider(clock)})
    requests = SignatureRequests(
        SignatureRequestRepository(Links(key)), Announcements(events, file_links), clock, account_clock
    )

    authority = await open_authority(side, vault, settings.base_url.rstrip("/"), clock)
    activation_key = await _activation_key(vault)
    signing_keys: SigningKeys = SoftwareKeys(vault)
    if overrides.signing_keys is not None:
        signing_keys = overrides.signing_keys(signing_keys)
    custody = Custody(signing_keys, register, ActivationVerifier(activation_key.public_key()), clock)
    sandbox = TrustService(
        authority=authority,
        custody=custody,
        activations=ActivationIssuer(activation_key),
        timestamps=InProcessTimestampAuthority(
            authority.timestamp_responder, clock=clock, anchors=[authority.root]
        ),
        revocation=InProcessRevocationSource(
            [
                LocalIssuer(authority.ocsp_responder, authority.status_of),
                LocalIssuer(authority.root_responder, authority.status_of, authority.root_crl),
            ],
            clock=clock,
        ),
    )
    if overrides.trust_service is not None:
        sandbox = overrides.trust_service(sandbox)
    trust_services: dict[Mode, TrustService] = {"test": sandbox}
    if overrides.live_trust is not None:
        trust_services["live"] = overrides.live_trust(sandbox)
    trust = TrustServices(trust_services)

    checkpoint = overrides.checkpoint or _no_checkpoint
    notices = Notices(jobs)
    invitations = Invitations(requests, notices, jobs)
    workplace = Workplace(requests, documents, blobs, settings.spool_dir)
    steps = SignatureSteps(requests, identities, trust, invitations, workplace, clock, checkpoint)
    sealing = Sealing(requests, trust, workplace, clock, checkpoint)
    cycle = SigningCycle(requests, steps, sealing, clock)
    ceremonies = Ceremonies(
        requests, documents, identities, trust, invitations, notices, jobs, clock, account_clock
    )
    dossiers = Dossiers(accounts, requests, documents, identities, events, trust, blobs)
    webhooks = Webhooks(events, jobs, key, clock, side, allow_private=settings.webhook_allow_private)
    stack.push_async_callback(webhooks.close)

    messages = MessageRepository(key)
    outbox = Outbox(messages)
    senders: dict[Mode, Senders] = {
        "test": Senders(outbox, outbox),
        "live": Senders(overrides.mail or _mail_sender(settings, clock), NoTexts()),
    }
    notifications = Notifications(
        messages, requests, documents, accounts, senders, jobs, clock, signing_base=settings.signing_base
    )

    return Services(
        settings=settings,
        clock=clock,
        account_clock=account_clock,
        database=database,
        blobs=blobs,
        file_links=file_links,
        cursors=Cursors(key),
        inspector=inspector,
        accounts=accounts,
        admissions=Admissions(database, clock),
        documents=documents,
        signature_requests=requests,
        embed_tokens=await open_embed_tokens(vault, settings.base_url, clock),
        identities=identities,
        ceremonies=ceremonies,
        dossiers=dossiers,
        authority=authority,
        specimens=Specimens(sandbox, blobs, settings.spool_dir, clock),
        trust=trust,
        webhooks=webhooks,
        notifications=notifications,
        job_handlers={
            **ceremony_jobs.handlers(ceremonies, cycle, requests),
            LISTENER_JOB: JobHandler(webhooks.fan_out),
            DELIVER_JOB: webhooks.delivery_handler(),
            **notifications.handlers(),
        },
        probes={
            "database": Probe(database.ping),
            "storage": Probe(blobs.ping),
            **_trust_probes(trust, "test"),
            **_trust_probes(trust, "live"),
            **_mail_probes(settings, notifications),
        },
    )


def _trust_probes(trust: TrustServices, mode: Mode) -> dict[str, Probe]:
    """A world without a trust service is no fault: requests in it are refused, and say why."""
    try:
        service = trust.of(mode)
    except TrustServiceNotConfigured as exc:
        return {f"trust service ({mode})": missing(exc.message)}
    return {
        f"custody ({mode})": Probe(service.custody.ping),
        f"timestamps ({mode})": Probe(service.timestamps.ping),
        f"revocation ({mode})": Probe(service.revocation.ping),
    }


def _mail_probes(settings: Settings, notifications: Notifications) -> dict[str, Probe]:
    if settings.smtp_url is not None:
        return {"mail": Probe(notifications.ping, essential=False)}
    return {"mail": missing("No mail server is configured, so nobody is written to: set QSIGNHUB_SMTP_URL.")}


def _mail_sender(settings: Settings, clock: Clock) -> MailSender:
    if settings.smtp_url is None:
        return NoMail()
    return SmtpMail(MailServer.from_url(settings.smtp_url), sender_address(settings.mail_from), clock)


async def _activation_key(vault: Vault) -> Ed25519PrivateKey:
    """The key under which a signer's consent becomes an authorisation that custody accepts."""
    kind, name = "ceremonies.activation-key", "sandbox"
    encoded = await vault.reveal(kind, name)
    if encoded is None:
        fresh = Ed25519PrivateKey.generate()
        await vault.keep(kind, name, fresh.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        encoded = await vault.reveal(kind, name) or b""
    return Ed25519PrivateKey.from_private_bytes(encoded)


def _no_checkpoint(_name: str) -> None:
    """In production nothing happens between two steps."""
