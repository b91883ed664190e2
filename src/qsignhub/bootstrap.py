"""The composition root: settings in, frozen services out. Nobody else knows the adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qsignhub.accounts.service import Accounts
from qsignhub.authority.service import Authority, open_authority
from qsignhub.ceremonies import jobs as ceremony_jobs
from qsignhub.ceremonies.cycle import SigningCycle
from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.sealing import Sealing
from qsignhub.ceremonies.service import Ceremonies
from qsignhub.ceremonies.signature import Checkpoint, SignatureSteps
from qsignhub.ceremonies.trust import TrustService, TrustServices
from qsignhub.ceremonies.workplace import Workplace
from qsignhub.custody.activation import ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.software import SoftwareKeys
from qsignhub.custody.ports import SigningKeys
from qsignhub.custody.service import Custody
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
from qsignhub.foundation.register import Register, Vault
from qsignhub.identity.adapters.sandbox import SandboxIdentityProvider
from qsignhub.identity.service import IdentityVerifications
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource, LocalIssuer
from qsignhub.settings import Settings
from qsignhub.signature_requests.events import Announcements
from qsignhub.signature_requests.repository import SignatureRequestRepository
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signature_requests.signed_files import SignedFiles
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
    uploads: Uploads
    inspector: Inspector
    accounts: Accounts
    documents: Documents
    signature_requests: SignatureRequests
    identities: IdentityVerifications
    ceremonies: Ceremonies
    authority: Authority
    trust: TrustServices
    webhooks: Webhooks
    job_handlers: Mapping[str, JobHandler]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a test puts in place of the real thing."""

    clock: Clock | None = None
    checkpoint: Checkpoint | None = None
    signing_keys: Callable[[SigningKeys], SigningKeys] | None = None
    trust_service: Callable[[TrustService], TrustService] | None = None


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
    requests = SignatureRequests(request_repository, Announcements(events, file_links), clock)
    signed_files = SignedFiles(request_repository, blobs, account_clock)
    retention = Retention(blobs, signed_files, account_clock, jobs)

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
    trust = TrustServices({"test": sandbox})

    checkpoint = overrides.checkpoint or _no_checkpoint
    invitations = Invitations(jobs)
    workplace = Workplace(requests, documents, blobs, settings.spool_dir)
    steps = SignatureSteps(requests, identities, trust, invitations, workplace, clock, checkpoint)
    sealing = Sealing(requests, trust, workplace, clock, checkpoint)
    cycle = SigningCycle(requests, steps, sealing, clock)
    ceremonies = Ceremonies(requests, documents, identities, trust, invitations, jobs, clock)
    webhooks = Webhooks(events, jobs, key, clock, side, allow_private=settings.webhook_allow_private)
    stack.push_async_callback(webhooks.close)

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
        documents=documents,
        signature_requests=requests,
        identities=identities,
        ceremonies=ceremonies,
        authority=authority,
        trust=trust,
        webhooks=webhooks,
        job_handlers={
            **document_jobs.handlers(retention),
            **ceremony_jobs.handlers(ceremonies, cycle, requests),
            LISTENER_JOB: JobHandler(webhooks.fan_out),
            DELIVER_JOB: webhooks.delivery_handler(),
        },
    )


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
