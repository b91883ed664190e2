"""The live world's trust services, as the operator's file names them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from qsignhub.authority.names import AuthorityNames
from qsignhub.authority.service import Authority, open_authority
from qsignhub.bootstrap.activation import open_activation_key
from qsignhub.bootstrap.background import in_background
from qsignhub.bootstrap.key_places import custody_maker
from qsignhub.bootstrap.trust_file import (
    AuthorityTable,
    CscTable,
    TimestampAuthorityTable,
    TrustedListTable,
    TrustFile,
    certificates,
    read_trust_file,
)
from qsignhub.bootstrap.trust_parts import TrustParts
from qsignhub.bootstrap.trusted_lists import ListSource, ListUnreachable, WatchedLists
from qsignhub.ceremonies.adapters.built_in import BuiltInCertificates
from qsignhub.ceremonies.adapters.remote import RemoteCertificates
from qsignhub.ceremonies.adapters.remote_seal import RemoteSeal
from qsignhub.ceremonies.adapters.seal import BuiltInSeal
from qsignhub.ceremonies.routing import Route
from qsignhub.ceremonies.trust import Signatory, TrustService
from qsignhub.custody.activation import ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.csc import CscCustody
from qsignhub.custody.csc.authorization_server import OAuthClient
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.credentials import RemoteCredentials
from qsignhub.custody.csc.service_authorisation import (
    BasicLogin,
    BearerToken,
    ClientCredentials,
    NoAuthorisation,
    ServiceAuthorisation,
)
from qsignhub.custody.gate import Gate
from qsignhub.custody.signer_secrets import SealedSignerSecrets
from qsignhub.foundation.availability import Availability
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.outward import OutwardRefused, outward_client
from qsignhub.foundation.signature_algorithms import algorithm_named
from qsignhub.revocation.adapters.by_issuer import RevocationByIssuer
from qsignhub.revocation.adapters.http import HttpRevocationSource
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource
from qsignhub.timestamping.adapters.http import HttpTimestampAuthority
from qsignhub.timestamping.adapters.in_order import AuthoritiesInOrder
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.ports import TimestampAuthority

_MAX_LIST_OCTETS = 20 * 1024 * 1024
_LIST_TIMEOUT_SECONDS = 60
_PATIENCE_SECONDS = 15
_KNOWN_BY: dict[str, Callable[[Signatory], str | None]] = {
    "email": lambda who: who.email,
    "phone": lambda who: who.phone,
}


@dataclass(frozen=True, slots=True)
class Live:
    routes: Sequence[Route]
    authorities: Mapping[str, Authority]
    """The operator's own, by name."""


@dataclass(frozen=True, slots=True)
class _World:
    """What the tables of one file refer to."""

    folder: Path
    timestamps: Mapping[str, TimestampAuthority]
    anchors: Mapping[str, tuple[bytes, ...]]
    """Of the timestamp authorities, by name."""
    gate: Gate
    activations: ActivationIssuer
    lists: WatchedLists

    def timestamps_of(self, names: Sequence[str], clock: Clock) -> TimestampAuthority:
        return AuthoritiesInOrder([self.timestamps[name] for name in names], clock=clock)

    def anchors_of(self, names: Sequence[str]) -> tuple[bytes, ...]:
        return tuple(anchor for name in names for anchor in self.anchors[name])


async def open_live(path: Path, parts: TrustParts) -> Live:
    """Raises TrustFileInvalid. A service that is down does not keep the others from being opened."""
    file, folder = read_trust_file(path), path.parent
    key = await open_activation_key(parts.vault, "live")
    world = _World(
        folder=folder,
        timestamps={table.name: _timestamps(table, folder, parts) for table in file.timestamp_authority},
        anchors={table.name: certificates(folder, table.anchors) for table in file.timestamp_authority},
        gate=Gate(parts.register, ActivationVerifier(key.public_key()), parts.clock),
        activations=ActivationIssuer(key),
        lists=await _watched(file, folder, parts),
    )
    routes: list[Route] = []
    authorities: dict[str, Authority] = {}
    for table in file.trust_service:
        if isinstance(table, AuthorityTable):
            service, authorities[table.name] = await _own(table, world, parts)
        else:
            service = _remote(table, world, parts)
        routes.append(
            Route(
                service,
                Availability(parts.clock),
                table.signature_types,
                table.countries,
                table.accounts,
            )
        )
    return Live(routes, authorities)


async def _own(table: AuthorityTable, world: _World, parts: TrustParts) -> tuple[TrustService, Authority]:
    names = AuthorityNames(
        name=table.name,
        organization=table.organization,
        country=table.country,
        organization_identifier=table.organization_identifier,
    )
    authority = await open_authority(
        parts.side,
        parts.vault,
        parts.settings.base_url.rstrip("/"),
        parts.clock,
        names,
        docs_url=parts.settings.docs_base,
        watch=parts.watch,
    )
    custody = custody_maker(table.keys, parts)(parts.vault, world.gate)
    timestamps: TimestampAuthority = InProcessTimestampAuthority(
        authority.timestamp_responder, clock=parts.clock, anchors=[authority.root]
    )
    if table.timestamps:
        timestamps = world.timestamps_of(table.timestamps, parts.clock)
    algorithm = algorithm_named(table.key_algorithm)
    service = TrustService(
        name=table.name,
        certificates=BuiltInCertificates(authority, custody, algorithm),
        seals=BuiltInSeal(authority, custody, parts.clock, algorithm),
        custody=custody,
        activations=world.activations,
        timestamps=timestamps,
        revocation=RevocationByIssuer(
            InProcessRevocationSource(authority.issuers_at_hand(), clock=parts.clock),
            _statuses(table.allow_private, parts),
        ),
        anchors=(authority.root, *world.anchors_of(table.timestamps)),
        trusted_lists=world.lists,
        identifies_signers=table.identifies_signers,
        qualified_or_nothing=True,
    )
    return service, authority


def _remote(table: CscTable, world: _World, parts: TrustParts) -> TrustService:
    client = CscClient(
        table.url,
        _http(parts, allow_private=table.allow_private),
        version="v2" if table.version == "2" else "v1",
        authorisation=_authorisation(table),
        clock=parts.clock,
        name=table.name,
        timeout=table.timeout_seconds,
    )
    credentials = RemoteCredentials(client, parts.clock, allow_rsa_2048=table.allow_rsa_2048)
    secrets = SealedSignerSecrets(parts.vault, parts.register, parts.clock)
    custody = CscCustody(table.name, client, credentials, world.gate, secrets)
    anchors = certificates(world.folder, table.anchors)
    seals = None
    if table.seal is not None:
        seals = RemoteSeal(table.name, credentials, table.seal, anchors, custody=custody, clock=parts.clock)
    return TrustService(
        name=table.name,
        certificates=RemoteCertificates(
            table.name,
            credentials,
            anchors,
            user_of=_KNOWN_BY[table.user_id],
            custody=custody,
            clock=parts.clock,
        ),
        seals=seals,
        custody=custody,
        activations=world.activations,
        timestamps=world.timestamps_of(table.timestamps, parts.clock),
        revocation=_statuses(table.allow_private, parts),
        anchors=(*anchors, *world.anchors_of(table.timestamps)),
        trusted_lists=world.lists,
        secrets=secrets,
        identifies_signers=table.identifies_signers,
        qualified_or_nothing=True,
    )


def _authorisation(table: CscTable) -> ServiceAuthorisation:
    if table.client_id is not None and table.client_secret is not None:
        return ClientCredentials(OAuthClient(table.client_id, table.client_secret.get_secret_value()))
    if table.username is not None and table.password is not None:
        return BasicLogin(table.username, table.password.get_secret_value())
    if table.bearer is not None:
        return BearerToken(table.bearer.get_secret_value())
    return NoAuthorisation()


def _timestamps(table: TimestampAuthorityTable, folder: Path, parts: TrustParts) -> TimestampAuthority:
    basic = None
    if table.username is not None and table.password is not None:
        basic = (table.username, table.password.get_secret_value())
    return HttpTimestampAuthority(
        table.url,
        _http(parts, allow_private=table.allow_private, allow_http=True),
        clock=parts.clock,
        anchors=certificates(folder, table.anchors),
        name=table.name,
        policy=table.policy,
        basic=basic,
        bearer=table.bearer.get_secret_value() if table.bearer else None,
        timeout=table.timeout_seconds,
    )


async def _watched(file: TrustFile, folder: Path, parts: TrustParts) -> WatchedLists:
    lists = WatchedLists(
        [_source(table, folder, parts) for table in file.trusted_list], parts.register, parts.clock
    )
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(lists.refresh(), _PATIENCE_SECONDS)  # what is missing then comes later
    await parts.stack.enter_async_context(in_background(lists.run()))
    return lists


def _source(table: TrustedListTable, folder: Path, parts: TrustParts) -> ListSource:
    signers = certificates(folder, table.signers)
    if table.url is None:
        path = folder / (table.path or "")

        async def read() -> bytes:
            return await asyncio.to_thread(path.read_bytes)

        return ListSource(str(path), signers, read)
    url, client = table.url, _http(parts, allow_private=table.allow_private, allow_http=True)

    async def fetch() -> bytes:
        try:
            async with (
                asyncio.timeout(_LIST_TIMEOUT_SECONDS),
                client.stream("GET", url) as response,
            ):
                response.raise_for_status()
                content = bytearray()
                async for piece in response.aiter_raw():
                    content += piece
                    if len(content) > _MAX_LIST_OCTETS:
                        raise ListUnreachable("it is too large")
                return bytes(content)
        except (httpx.HTTPError, OutwardRefused, TimeoutError) as failure:
            raise ListUnreachable(f"it could not be had ({type(failure).__name__})") from failure

    return ListSource(url, signers, fetch)


def _statuses(allow_private: bool, parts: TrustParts) -> HttpRevocationSource:
    client = _http(parts, allow_private=allow_private, allow_http=True)
    return HttpRevocationSource(client, clock=parts.clock)


def _http(parts: TrustParts, *, allow_private: bool, allow_http: bool = False) -> httpx.AsyncClient:
    client = outward_client(allow_private=allow_private, allow_http=allow_http, keep_alive=True)
    parts.stack.push_async_callback(client.aclose)
    return client
