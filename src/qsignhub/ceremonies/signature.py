"""The steps of one signer's signature. Each reads the journal, does one thing, and records it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from qsignhub.authority.service import Subject
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.errors import (
    CertificateExpired,
    ConsentLapsed,
    DocumentChanged,
)
from qsignhub.ceremonies.evidence import validity_of, view_of_certificate, view_of_timestamp
from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.journal import JournaledActivation, Signing, Step, there
from qsignhub.ceremonies.trust import TrustServices
from qsignhub.ceremonies.workplace import Workplace, published, waiting_for_better
from qsignhub.custody import activation as activations
from qsignhub.custody.activation import Activation
from qsignhub.custody.errors import ActivationExpired
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_id
from qsignhub.identity.service import IdentityVerifications
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing import cms
from qsignhub.signing.format import Format, Intent, Made, Prepared
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.pades.appearance import Appearance, FieldPlacement
from qsignhub.timestamping.kept import read_kept_token
from qsignhub.timestamping.model import TimestampToken

CONSENT_LIFETIME = timedelta(minutes=30)
Checkpoint = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """What a step works on; the request is locked by the transaction."""

    tx: Transaction
    request: SignatureRequest
    signer: Signer
    signing: Signing


_Doer = Callable[[_Work], Awaitable[None]]


class SignatureSteps:
    def __init__(
        self,
        requests: SignatureRequests,
        identities: IdentityVerifications,
        trust: TrustServices,
        invitations: Invitations,
        workplace: Workplace,
        clock: Clock,
        checkpoint: Checkpoint,
    ) -> None:
        """``checkpoint`` is called with the name of each step before it and after it."""
        self._requests = requests
        self._identities = identities
        self._trust = trust
        self._invitations = invitations
        self._workplace = workplace
        self._clock = clock
        self._checkpoint = checkpoint
        self._after: Mapping[Step, tuple[str, _Doer]] = {
            "authorised": ("certify", self._certify),
            "certified": ("prepare", self._prepare),
            "prepared": ("activate", self._activate),
            "activated": ("sign", self._sign),
            "signed": ("timestamp", self._timestamp),
            "timestamped": ("embed", self._embed),
            "embedded": ("publish", self._publish),
        }

    async def step(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        name, do = self._after[signing.step]
        self._checkpoint(f"before {name}")
        await do(_Work(tx, request, signer, signing))
        self._checkpoint(f"after {name}")

    async def _certify(self, work: _Work) -> None:
        """A key of the signer's own, for this one signature, and a certificate for it."""
        trust = self._trust.of(work.request.scope.mode)
        verification = await self._identities.of_signer(work.tx, work.request.scope, work.signer.id)
        country = verification.identity.document_country if verification and verification.identity else None
        subject = Subject(name=work.signer.name, country=country or work.signer.identity_country)
        public_key = await trust.custody.create_key(work.signing.id)
        certificate = await trust.authority.issue_signer_certificate(
            work.tx, work.signing.id, public_key, subject
        )
        if verification and verification.hints.get("certificate_revoked"):
            await trust.authority.revoke(work.tx, certificate, "key_compromise")
        await journal.record(work.tx, work.signing, "certified", {"certificate": certificate})

    async def _prepare(self, work: _Work) -> None:
        """The exact bytes to be signed, in the journal before the key is touched."""
        certificate = there(work.signing.certificate)
        source = await self._workplace.source(work.tx, work.request)
        consent = await journal.find_consent(work.tx, work.request.scope, work.signer.id)
        if consent is None or consent.document_sha256 != source.original_sha256:
            raise DocumentChanged("The document is not the one that the signer agreed to; it is not signed.")
        if consent.signable_sha256 != source.signable_sha256:
            raise DocumentChanged(
                "The document was converted again after the signer agreed; it is not signed."
            )
        intent = Intent(
            name=f"Signature-{work.signer.id}",
            certificate=certificate,
            claimed_time=self._clock.now(),
            first=source.unsigned,
            appearance=_appearance(work.request, work.signer),
        )
        key, sha256 = source.key, source.sha256
        async with self._workplace.on_copy_of(source) as (original, target):
            prepared = await asyncio.to_thread(_format(work).prepare, original, target, intent)
            if prepared.reserved is not None:
                stored = await self._workplace.store(work.request, work.signing, "prepared", target)
                key, sha256 = stored.key, stored.sha256
        start, end = prepared.reserved or (None, None)
        await journal.record(
            work.tx,
            work.signing,
            "prepared",
            {
                "base_revision": source.revision,
                "prepared_key": key,
                "prepared_sha256": sha256,
                "reserved_start": start,
                "reserved_end": end,
                "signed_attributes": prepared.to_be_signed,
                "digest": prepared.digest,
            },
        )

    async def _activate(self, work: _Work) -> None:
        """The signer's authorisation, bound to this key and this digest, on record before its use."""
        now = self._clock.now()
        consent = await journal.find_consent(work.tx, work.request.scope, work.signer.id)
        if consent is None or consent.given_at + CONSENT_LIFETIME <= now:
            raise ConsentLapsed("Too long since the signer agreed; the signer is asked to confirm again.")
        activation = Activation(
            id=new_id("act"),
            signer_id=work.signer.id,
            key_id=work.signing.id,
            digest=there(work.signing.digest),
            expires_at=now + activations.LIFETIME,
        )
        token = self._trust.of(work.request.scope.mode).activations.issue(activation)
        journaled = JournaledActivation(
            activation.id, activation.key_id, activation.digest, token, activation.expires_at, "issued"
        )
        await journal.add_activation(work.tx, work.signing, journaled, now)
        await journal.record(work.tx, work.signing, "activated")

    async def _sign(self, work: _Work) -> None:
        """One use of the key; after a crash its outcome is asked of custody, not repeated."""
        custody = self._trust.of(work.request.scope.mode).custody
        digest, certificate = there(work.signing.digest), there(work.signing.certificate)
        activation = await journal.issued_activation(work.tx, work.signing)
        if activation is None:
            await journal.record(work.tx, work.signing, "prepared")
            return
        outcome = await custody.outcome(work.signing.id, activation.id)
        if outcome.state == "begun":
            await journal.settle_activation(work.tx, activation.id, "burnt")
            await journal.record(work.tx, work.signing, "prepared")
            return
        signature = outcome.signature
        if signature is None:
            try:
                signature = await custody.sign(work.signing.id, digest, activation.token)
            except ActivationExpired:
                await journal.settle_activation(work.tx, activation.id, "lapsed")
                await journal.record(work.tx, work.signing, "prepared")
                return
        cms.verify_signature_value(signature, digest, certificate)
        await journal.settle_activation(work.tx, activation.id, "done")
        await journal.record(work.tx, work.signing, "signed", {"signature": signature})

    async def _timestamp(self, work: _Work) -> None:
        imprint = _format(work).imprint(
            _prepared(work.signing), there(work.signing.signature), there(work.signing.certificate)
        )
        with waiting_for_better():
            token = await self._trust.of(work.request.scope.mode).timestamps.timestamp(imprint)
        begin, end = validity_of(there(work.signing.certificate))
        if not begin <= token.gen_time <= end:
            raise CertificateExpired("The signer's certificate was not valid when the signature was made.")
        await journal.record(work.tx, work.signing, "timestamped", {"timestamp_token": token.der})

    async def _embed(self, work: _Work) -> None:
        """Signature, chain and status into the document: B-LT."""
        certificate, token = there(work.signing.certificate), self._token(work.signing)
        trust = self._trust.of(work.request.scope.mode)
        data = await self._workplace.validation_data(trust, token, certificate)
        made = Made(
            prepared=_prepared(work.signing),
            first=there(work.signing.base_revision) == 0,
            certificate=certificate,
            chain=trust.authority.chain[:-1],
            signature=there(work.signing.signature),
            timestamp_token=token.der,
            validation_data=data,
        )
        async with self._workplace.on_prepared(work.signing) as target:
            await asyncio.to_thread(_format(work).embed, target, made)
            stored = await self._workplace.store(work.request, work.signing, "signed", target)
        await journal.record(work.tx, work.signing, "embedded", stored.as_result())

    async def _publish(self, work: _Work) -> None:
        """The revision, the signer's and the request's state and their events, all or nothing."""
        certificate, token = there(work.signing.certificate), self._token(work.signing)
        trust = self._trust.of(work.request.scope.mode)
        await self._requests.publish_revision(work.tx, work.request, work.signing.id, published(work.signing))
        moved = await self._requests.signature_published(
            work.tx,
            work.request,
            work.signer,
            view_of_certificate(certificate, trust.listed_issuers),
            view_of_timestamp(token),
            token.gen_time,
        )
        await journal.record(work.tx, work.signing, "published")
        await journal.finish(work.tx, work.signing, self._clock.now())
        await trust.custody.destroy_key(work.signing.id)
        if all(other.status == "signed" for other in moved.signers):
            await journal.begin(work.tx, moved, new_id("sig"), None, self._clock.now())
        else:
            await self._invitations.send(work.tx, moved)

    async def abandon(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        """Settles a refused signing: what became of its authorisation is on record, its key is no more."""
        custody = self._trust.of(request.scope.mode).custody
        activation = await journal.issued_activation(tx, signing)
        if activation is not None:
            outcome = await custody.outcome(signing.id, activation.id)
            state = {"unused": "lapsed", "begun": "burnt", "done": "done"}[outcome.state]
            await journal.settle_activation(tx, activation.id, state)
        await custody.destroy_key(signing.id)

    @staticmethod
    def _token(signing: Signing) -> TimestampToken:
        return read_kept_token(there(signing.timestamp_token))


def _format(work: _Work) -> Format:
    return FORMATS[work.request.format]


def _prepared(signing: Signing) -> Prepared:
    start, end = signing.reserved_start, signing.reserved_end
    reserved = None if start is None or end is None else (start, end)
    return Prepared(there(signing.signed_attributes), there(signing.digest), reserved)


def _appearance(request: SignatureRequest, signer: Signer) -> Appearance | None:
    """Visible where the request gives the signer a field."""
    field = next((field for field in request.fields if field.signer_index == signer.position), None)
    if field is None:
        return None
    return Appearance(
        FieldPlacement(field.page, field.x, field.y, field.width, field.height),
        signer_name=signer.name,
        level_requested=request.signature_type,
        sandbox=request.scope.mode == "test",
    )
