"""Everything opened, in the order of need, and put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from qsignhub.accounts.admission import Admissions
from qsignhub.accounts.service import Accounts
from qsignhub.authority.service import Authority
from qsignhub.bootstrap.archive_care import look_after
from qsignhub.bootstrap.background import in_background
from qsignhub.bootstrap.mail import senders
from qsignhub.bootstrap.overrides import Overrides
from qsignhub.bootstrap.probes import probes
from qsignhub.bootstrap.worlds import open_worlds
from qsignhub.ceremonies import jobs as ceremony_jobs
from qsignhub.ceremonies.confirmations import Confirmations
from qsignhub.ceremonies.cycle import SigningCycle
from qsignhub.ceremonies.dossier import Dossiers
from qsignhub.ceremonies.extension import ArchiveCare
from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.late_status import LateStatuses
from qsignhub.ceremonies.notices import Notices
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.sealing import Sealing
from qsignhub.ceremonies.service import Ceremonies
from qsignhub.ceremonies.signature import SignatureSteps
from qsignhub.ceremonies.specimens import Specimens
from qsignhub.ceremonies.workplace import Workplace
from qsignhub.documents import jobs as document_jobs
from qsignhub.documents.admission import Uploads
from qsignhub.documents.converter import Converter
from qsignhub.documents.inspector import Inspector
from qsignhub.documents.retention import Retention
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
from qsignhub.foundation.readiness import Probe
from qsignhub.foundation.register import Register, Vault
from qsignhub.identity.adapters.sandbox import SandboxIdentityProvider
from qsignhub.identity.service import IdentityVerifications
from qsignhub.notifications.repository import MessageRepository
from qsignhub.notifications.service import Notifications
from qsignhub.settings import Settings
from qsignhub.signature_requests.embed_tokens import EmbedTokens, open_embed_tokens
from qsignhub.signature_requests.events import Announcements
from qsignhub.signature_requests.repository import SignatureRequestRepository
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signature_requests.signed_files import SignedFiles
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
    uploads: Uploads
    inspector: Inspector
    accounts: Accounts
    admissions: Admissions
    documents: Documents
    signature_requests: SignatureRequests
    embed_tokens: EmbedTokens
    identities: IdentityVerifications
    ceremonies: Ceremonies
    archive_care: ArchiveCare
    dossiers: Dossiers
    authority: Authority
    authorities: Mapping[str, Authority]
    specimens: Specimens
    trust: TrustServices
    webhooks: Webhooks
    notifications: Notifications
    job_handlers: Mapping[str, JobHandler]
    probes: Mapping[str, Probe]


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
    documents = Documents(blobs, inspector, Converter(), account_clock, jobs)
    identities = IdentityVerifications({"test": SandboxIdentityProvider(clock)})
    request_repository = SignatureRequestRepository(Links(key))
    requests = SignatureRequests(
        request_repository, Announcements(events, file_links), clock, account_clock, database
    )
    signed_files = SignedFiles(request_repository, blobs, account_clock)
    retention = Retention(blobs, signed_files, account_clock, jobs)

    worlds = await open_worlds(settings, side, vault, register, clock, overrides, stack)
    trust = worlds.trust

    checkpoint = overrides.checkpoint or _no_checkpoint
    notices = Notices(jobs)
    invitations = Invitations(requests, notices, jobs)
    workplace = Workplace(requests, documents, blobs, settings.spool_dir)
    dossiers = Dossiers(accounts, requests, documents, identities, events, trust, blobs, clock)
    steps = SignatureSteps(
        requests, identities, trust, invitations, workplace, dossiers.trail_so_far, clock, checkpoint
    )
    care = ArchiveCare(trust, jobs, clock, settings.archive_margin)
    late = LateStatuses(trust, clock, settings.longest_status_pause)
    sealing = Sealing(requests, trust, workplace, late, care, jobs, clock, checkpoint)
    await stack.enter_async_context(in_background(look_after(database, care)))
    cycle = SigningCycle(requests, steps, sealing, jobs, clock)
    ceremonies = Ceremonies(
        requests,
        documents,
        identities,
        trust,
        cycle,
        Confirmations(trust, vault, clock, settings.signing_base),
        invitations,
        notices,
        register,
        jobs,
        clock,
        account_clock,
    )
    webhooks = Webhooks(events, jobs, key, clock, side, allow_private=settings.webhook_allow_private)
    stack.push_async_callback(webhooks.close)

    messages = MessageRepository(key)
    notifications = Notifications(
        messages,
        requests,
        documents,
        accounts,
        senders(settings, messages, clock, overrides.mail),
        jobs,
        clock,
        signing_base=settings.signing_base,
    )

    return Services(
        settings=settings,
        clock=clock,
        account_clock=account_clock,
        database=database,
        blobs=blobs,
        file_links=file_links,
        cursors=Cursors(key),
        uploads=Uploads(settings.spool_dir),
        inspector=inspector,
        accounts=accounts,
        admissions=Admissions(database, clock),
        documents=documents,
        signature_requests=requests,
        embed_tokens=await open_embed_tokens(vault, settings.base_url, clock),
        identities=identities,
        ceremonies=ceremonies,
        archive_care=care,
        dossiers=dossiers,
        authority=worlds.authority,
        authorities=worlds.authorities,
        specimens=Specimens(worlds.sandbox, worlds.authority, blobs, settings.spool_dir, clock),
        trust=trust,
        webhooks=webhooks,
        notifications=notifications,
        job_handlers={
            **document_jobs.handlers(retention),
            **ceremony_jobs.handlers(ceremonies, cycle, requests),
            LISTENER_JOB: JobHandler(webhooks.fan_out),
            DELIVER_JOB: webhooks.delivery_handler(),
            **notifications.handlers(),
        },
        probes=probes(settings, database, blobs, documents, trust, notifications),
    )


def _no_checkpoint(_name: str) -> None:
    """In production nothing happens between two steps."""
