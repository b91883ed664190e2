"""The journal of the signing cycle: all SQL of consents, signings and activations.

A row is written before any key is touched and grows step by step; after a crash it says what is done
and what comes next. Its rows belong to a request that the caller holds locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from qsignhub.ceremonies.errors import JournalBroken
from qsignhub.foundation.database import Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import SignatureRequest, Signer

_T = TypeVar("_T")
Step = Literal[
    "authorised", "certified", "prepared", "activated", "signed", "timestamped", "embedded", "published"
]

Kind = Literal["signature", "seal", "extension"]
Level = Literal["B-T", "B-LT"]


@dataclass(frozen=True, slots=True)
class Consent:
    """The signer's act: what was seen, and when.

    ``document_sha256`` is of the original; ``signable_sha256`` of what gets signed: the same, or the PDF
    that the original was converted to.
    """

    signer_id: str
    document_sha256: str
    signable_sha256: str
    given_at: datetime
    click: bytes | None = None
    """For a simple signature: the record of the click whose SHA-256 is signed (``clicks``)."""
    written: str | None = None
    """How the signature is written: ``typed``, or strokes as ``Handwriting.parse`` reads them."""


@dataclass(frozen=True, slots=True)
class Signing:
    """One run of the cycle: for a signer's signature, for the seal (the archive timestamps when all have
    signed), or for an extension (others over those, later).

    ``step`` is the last step that is done and committed; bytes are DER.
    """

    id: str
    request_id: str
    kind: Kind
    signer_id: str | None
    """Of a signature, and only of that."""
    step: Step
    begun_at: datetime
    trust_service: str
    key_id: str | None
    algorithm: str | None
    certificate: bytes | None
    chain: Sequence[bytes] | None
    """The certificate's issuers, up to the root."""
    awaiting_since: datetime | None
    """Since when the signer is expected to confirm on the trust service's own page."""
    renewals: int
    """One-time certificates that ran out before the signature was timestamped."""
    base_revision: int | None
    prepared_key: str | None
    prepared_sha256: str | None
    reserved_start: int | None
    reserved_end: int | None
    signed_attributes: bytes | None
    digest: bytes | None
    signature: bytes | None
    timestamp_token: bytes | None
    level: Level | None
    """Of a signature, as it was published: at B-T newer status is still to come, by the seal."""
    waits_until: datetime | None
    """Of a seal: newer status is not to be had before."""
    result_key: str | None
    result_sha256: str | None
    result_size: int | None

    @property
    def holds_document(self) -> bool:
        """A revision is prepared for it: no other can be made before it ends."""
        return self.step not in {"authorised", "certified"}


@dataclass(frozen=True, slots=True)
class JournaledActivation:
    id: str
    key_id: str
    digest: bytes
    token: bytes
    expires_at: datetime
    state: Literal["issued", "done", "burnt", "lapsed"]


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """A consent with where it came from, as far as that is known."""

    signer_id: str
    document_sha256: str
    given_at: datetime
    ip_address: str | None
    user_agent: str | None
    click: bytes | None = None


@dataclass(frozen=True, slots=True)
class RecordedSigning:
    """A run of the cycle as it is told afterwards; ``activated_at`` is of the last authorisation."""

    id: str
    kind: Kind
    signer_id: str | None
    finished_at: datetime | None
    refusal_code: str | None
    trust_service: str
    key_id: str | None
    certificate: bytes | None
    chain: Sequence[bytes] | None
    digest: bytes | None
    timestamp_token: bytes | None
    result_sha256: str | None
    activated_at: datetime | None


async def add_consent(
    tx: Transaction, scope: Scope, consent: Consent, ip_address: str | None, user_agent: str | None
) -> None:
    await tx.execute(
        "INSERT INTO consents"
        " (signer_id, account_id, mode, document_sha256, signable_sha256, given_at, click, written,"
        " ip_address, user_agent) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            consent.signer_id,
            scope.account_id,
            scope.mode,
            consent.document_sha256,
            consent.signable_sha256,
            consent.given_at,
            consent.click,
            consent.written,
            ip_address,
            user_agent,
        ),
    )


async def find_consent(tx: Transaction, scope: Scope, signer_id: str) -> Consent | None:
    row = await fetch_one(
        tx,
        "SELECT signer_id, document_sha256, signable_sha256, given_at, click, written FROM consents "
        "WHERE signer_id = %s AND account_id = %s AND mode = %s",
        (signer_id, scope.account_id, scope.mode),
    )
    return Consent(**row) if row else None


class Consents:
    """The consents of a request that ``tx`` holds locked, each read once.

    Whoever gives a consent or takes one back holds that lock too: read again in the same transaction it
    could say nothing else. Whether it has lapsed is asked of the clock each time.
    """

    def __init__(self, tx: Transaction, scope: Scope) -> None:
        self._tx = tx
        self._scope = scope
        self._read: dict[str, Consent | None] = {}

    async def of(self, signer: Signer) -> Consent | None:
        if signer.id not in self._read:
            self._read[signer.id] = await find_consent(self._tx, self._scope, signer.id)
        return self._read[signer.id]


async def remove_consent(tx: Transaction, scope: Scope, signer: Signer) -> None:
    await tx.execute(
        "DELETE FROM consents WHERE signer_id = %s AND account_id = %s AND mode = %s",
        (signer.id, scope.account_id, scope.mode),
    )


async def begin(
    tx: Transaction,
    request: SignatureRequest,
    signing_id: str,
    signer: Signer | None,
    trust_service: str,
    now: datetime,
) -> None:
    """A signer's signature, or the seal (``signer`` None).

    ``trust_service`` is chosen here, once: what has begun with one service goes to no other.
    """
    kind: Kind = "signature" if signer else "seal"
    await tx.execute(
        "INSERT INTO signings (id, request_id, kind, signer_id, step, trust_service, begun_at) "
        "VALUES (%s, %s, %s, %s, 'authorised', %s, %s)",
        (signing_id, request.id, kind, signer.id if signer else None, trust_service, now),
    )


async def under_way(tx: Transaction, request: SignatureRequest) -> list[Signing]:
    """All that have begun and not ended: the one that holds the document (its revision is prepared) first,
    then those that wait, the longest first.
    """
    rows = await fetch_all(
        tx,
        "SELECT * FROM signings WHERE request_id = %s AND finished_at IS NULL "
        "ORDER BY step IN ('authorised', 'certified'), begun_at, id",
        (request.id,),
    )
    return [_signing(row) for row in rows]


async def published_at_b_t(tx: Transaction, request: SignatureRequest) -> list[Signing]:
    """The signatures in the file that no status newer than their timestamp is known for yet."""
    rows = await fetch_all(
        tx,
        "SELECT * FROM signings WHERE request_id = %s AND step = 'published' AND level = 'B-T'"
        " AND refusal_code IS NULL ORDER BY begun_at, id",
        (request.id,),
    )
    return [_signing(row) for row in rows]


async def wait(tx: Transaction, signing: Signing, until: datetime) -> None:
    await tx.execute("UPDATE signings SET waits_until = %s WHERE id = %s", (until, signing.id))


async def found_revoked(tx: Transaction, signing: Signing, refusal_code: str) -> None:
    """A published signature was none: it stays on record, with the reason."""
    await tx.execute("UPDATE signings SET refusal_code = %s WHERE id = %s", (refusal_code, signing.id))


async def unfinished(tx: Transaction) -> list[tuple[Scope, str]]:
    """Requests with a signing that has begun and not ended, of all accounts: for a worker that starts."""
    rows = await fetch_all(
        tx,
        "SELECT DISTINCT r.account_id, r.mode, r.id FROM signings s "
        "JOIN signature_requests r ON r.id = s.request_id WHERE s.finished_at IS NULL",
    )
    return [(Scope(row["account_id"], row["mode"]), row["id"]) for row in rows]


async def step_of(tx: Transaction, request: SignatureRequest, signer: Signer) -> Step | None:
    row = await fetch_one(
        tx,
        "SELECT step FROM signings WHERE request_id = %s AND signer_id = %s AND refusal_code IS NULL",
        (request.id, signer.id),
    )
    return row["step"] if row else None


async def last_refusal(tx: Transaction, request: SignatureRequest, signer: Signer) -> str | None:
    """The code with which the signer's last attempt ended; None if it has not ended, or ended well."""
    row = await fetch_one(
        tx,
        "SELECT refusal_code FROM signings WHERE request_id = %s AND signer_id = %s "
        "ORDER BY begun_at DESC, id DESC LIMIT 1",
        (request.id, signer.id),
    )
    return row["refusal_code"] if row else None


async def record(
    tx: Transaction, signing: Signing, step: Step, findings: Mapping[str, Any] | None = None
) -> Signing:
    """Commits a step with what it found (columns of ``signings``), when the transaction does.

    The signing as its row is then: nobody else writes it while the request is locked.
    """
    columns = {"step": step, **(findings or {})}
    places = ", ".join(f"{name} = %({name})s" for name in columns)
    await tx.execute(
        f"UPDATE signings SET {places} WHERE id = %(signing_id)s",  # noqa: S608  # our own column names
        columns | {"signing_id": signing.id},
    )
    return replace(signing, **{name: columns[name] for name in columns.keys() & Signing.__slots__})


async def await_signer(tx: Transaction, signing: Signing, now: datetime) -> None:
    await tx.execute("UPDATE signings SET awaiting_since = %s WHERE id = %s", (now, signing.id))


async def of_signer(tx: Transaction, request: SignatureRequest, signer: Signer) -> Signing | None:
    """The signer's signing that is under way."""
    row = await fetch_one(
        tx,
        "SELECT * FROM signings WHERE request_id = %s AND signer_id = %s AND finished_at IS NULL",
        (request.id, signer.id),
    )
    return _signing(row) if row else None


async def renew(tx: Transaction, signing: Signing) -> Signing:
    """Back to the signer's consent: another key and certificate are needed for it."""
    forgotten = dict.fromkeys(("key_id", "algorithm", "certificate", "chain", "signature"))
    return await record(tx, signing, "authorised", {**forgotten, "renewals": signing.renewals + 1})


async def finish(tx: Transaction, signing: Signing, now: datetime, refusal_code: str | None = None) -> None:
    await tx.execute(
        "UPDATE signings SET finished_at = %s, refusal_code = %s WHERE id = %s",
        (now, refusal_code, signing.id),
    )


async def add_activation(
    tx: Transaction, signing: Signing, activation: JournaledActivation, now: datetime
) -> None:
    await tx.execute(
        "INSERT INTO activations (id, signing_id, key_id, digest, token, created_at, expires_at, state) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            activation.id,
            signing.id,
            activation.key_id,
            activation.digest,
            activation.token,
            now,
            activation.expires_at,
            activation.state,
        ),
    )


async def issued_activation(tx: Transaction, signing: Signing) -> JournaledActivation | None:
    row = await fetch_one(
        tx,
        "SELECT id, key_id, digest, token, expires_at, state FROM activations "
        "WHERE signing_id = %s AND state = 'issued'",
        (signing.id,),
    )
    return JournaledActivation(**row) if row else None


async def settle_activation(tx: Transaction, activation_id: str, state: str) -> None:
    await tx.execute("UPDATE activations SET state = %s WHERE id = %s", (state, activation_id))


async def key_uses(tx: Transaction, scope: Scope, request_id: str) -> list[tuple[str, str]]:
    """(key, activation) of every use of a key that the journal knows of: done, or begun and burnt."""
    rows = await fetch_all(
        tx,
        "SELECT a.key_id, a.id FROM activations a JOIN signings s ON s.id = a.signing_id "
        "JOIN signature_requests r ON r.id = s.request_id "
        "WHERE s.request_id = %s AND r.account_id = %s AND r.mode = %s AND a.state IN ('done', 'burnt') "
        "ORDER BY a.created_at",
        (request_id, scope.account_id, scope.mode),
    )
    return [(row["key_id"], row["id"]) for row in rows]


async def recorded_consents(tx: Transaction, request: SignatureRequest) -> list[RecordedConsent]:
    rows = await fetch_all(
        tx,
        "SELECT c.signer_id, c.document_sha256, c.given_at, c.ip_address, c.user_agent, c.click "
        "FROM consents c "
        "JOIN signers s ON s.id = c.signer_id "
        "WHERE s.request_id = %s AND c.account_id = %s AND c.mode = %s ORDER BY c.given_at",
        (request.id, request.scope.account_id, request.scope.mode),
    )
    return [RecordedConsent(**row) for row in rows]


async def recorded_signings(tx: Transaction, request: SignatureRequest) -> list[RecordedSigning]:
    """All runs of the cycle, those that were refused among them, in the order in which they began."""
    rows = await fetch_all(
        tx,
        "SELECT s.id, s.kind, s.signer_id, s.finished_at, s.refusal_code, s.trust_service, s.key_id,"
        " s.certificate, s.chain, s.digest, s.timestamp_token, s.result_sha256,"
        " (SELECT max(a.created_at) FROM activations a WHERE a.signing_id = s.id) AS activated_at "
        "FROM signings s JOIN signature_requests r ON r.id = s.request_id "
        "WHERE r.id = %s AND r.account_id = %s AND r.mode = %s ORDER BY s.begun_at, s.id",
        (request.id, request.scope.account_id, request.scope.mode),
    )
    return [RecordedSigning(**row) for row in rows]


def there(value: _T | None) -> _T:
    """What an earlier step has recorded."""
    if value is None:
        raise JournalBroken("The journal lacks what an earlier step must have recorded.")
    return value


def _signing(row: Row) -> Signing:
    return Signing(**{name: row[name] for name in Signing.__slots__})
