"""The steps of one signer's signature. Each reads the journal, does one thing, and records it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from qsignhub.authority.service import Subject
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.errors import CertificateExpired, ConsentLapsed, DocumentChanged
from qsignhub.ceremonies.evidence import validity_of, view_of_certificate, view_of_timestamp
from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.journal import JournaledActivation, Signing, Step, there
from qsignhub.ceremonies.trust import TrustServices
from qsignhub.ceremonies.workplace import Workplace
from qsignhub.custody import activation as activations
from qsignhub.custody.activation import Activation
from qsignhub.custody.errors import ActivationExpired
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_id
from qsignhub.identity.service import IdentityVerifications
from qsignhub.signature_requests.model import Revision, SignatureRequest, Signer
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing import cms
from qsignhub.signing.pades.appearance import Appearance, FieldPlacement
from qsignhub.signing.pades.revision import (
    PreparedRevision,
    append_validation_data,
    fill,
    prepare_signature,
)
from qsignhub.timestamping.kept import read_kept_token
from qsignhub.timestamping.model import TimestampToken

CONSENT_LIFETIME = timedelta(minutes=30)
Checkpoint = Callable[[str], None]
_Doer = Callable[[Transaction, SignatureRequest, Signer, Signing], Awaitable[None]]


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
        await do(tx, request, signer, signing)
        self._checkpoint(f"after {name}")

    async def _certify(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        """A key of the signer's own, for this one signature, and a certificate for it."""
        trust = self._trust.of(request.scope.mode)
        verification = await self._identities.of_signer(tx, request.scope, signer.id)
        country = verification.identity.document_country if verification and verification.identity else None
        subject = Subject(name=signer.name, country=country or signer.identity_country)
        public_key = await trust.custody.create_key(signing.id)
        certificate = await trust.authority.issue_signer_certificate(tx, signing.id, public_key, subject)
        if verification and verification.hints.get("certificate_revoked"):
            await trust.authority.revoke(tx, certificate, "key_compromise")
        await journal.record(tx, signing, "certified", {"certificate": certificate})

    async def _prepare(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        """The exact bytes to be signed, in the journal before the key is touched."""
        certificate = there(signing.certificate)
        source = await self._workplace.source(tx, request)
        consent = await journal.find_consent(tx, request.scope, signer.id)
        if consent is None or consent.document_sha256 != source.original_sha256:
            raise DocumentChanged("The document is not the one that the signer agreed to; it is not signed.")
        async with self._workplace.on_copy_of(source) as (original, target):
            prepared = await asyncio.to_thread(
                prepare_signature,
                original,
                target,
                field_name=f"Signature-{signer.id}",
                claimed_time=self._clock.now(),
                appearance=_appearance(request, signer),
            )
            stored = await self._workplace.store(request, signing, "prepared", target)
        attributes = cms.signed_attributes(prepared.digest, certificate)
        await journal.record(
            tx,
            signing,
            "prepared",
            {
                "base_revision": source.revision,
                "prepared_key": stored.key,
                "prepared_sha256": stored.sha256,
                "reserved_start": prepared.reserved_start,
                "reserved_end": prepared.reserved_end,
                "signed_attributes": attributes,
                "digest": cms.digest_to_sign(attributes),
            },
        )

    async def _activate(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        """The signer's authorisation, bound to this key and this digest, on record before its use."""
        now = self._clock.now()
        consent = await journal.find_consent(tx, request.scope, signer.id)
        if consent is None or consent.given_at + CONSENT_LIFETIME <= now:
            raise ConsentLapsed("Too long since the signer agreed; the signer is asked to confirm again.")
        activation = Activation(
            id=new_id("act"),
            signer_id=signer.id,
            key_id=signing.id,
            digest=there(signing.digest),
            expires_at=now + activations.LIFETIME,
        )
        token = self._trust.of(request.scope.mode).activations.issue(activation)
        journaled = JournaledActivation(
            activation.id, activation.key_id, activation.digest, token, activation.expires_at, "issued"
        )
        await journal.add_activation(tx, signing, journaled, now)
        await journal.record(tx, signing, "activated")

    async def _sign(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        """One use of the key; after a crash its outcome is asked of custody, not repeated."""
        custody = self._trust.of(request.scope.mode).custody
        digest, certificate = there(signing.digest), there(signing.certificate)
        activation = await journal.issued_activation(tx, signing)
        if activation is None:
            await journal.record(tx, signing, "prepared")
            return
        outcome = await custody.outcome(signing.id, activation.id)
        if outcome.state == "begun":
            await journal.settle_activation(tx, activation.id, "burnt")
            await journal.record(tx, signing, "prepared")
            return
        signature = outcome.signature
        if signature is None:
            try:
                signature = await custody.sign(signing.id, digest, activation.token)
            except ActivationExpired:
                await journal.settle_activation(tx, activation.id, "lapsed")
                await journal.record(tx, signing, "prepared")
                return
        cms.verify_signature_value(signature, digest, certificate)
        await journal.settle_activation(tx, activation.id, "done")
        await journal.record(tx, signing, "signed", {"signature": signature})

    async def _timestamp(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        imprint = hashlib.sha256(there(signing.signature)).digest()
        token = await self._trust.of(request.scope.mode).timestamps.timestamp(imprint)
        begin, end = validity_of(there(signing.certificate))
        if not begin <= token.gen_time <= end:
            raise CertificateExpired("The signer's certificate was not valid when the signature was made.")
        await journal.record(tx, signing, "timestamped", {"timestamp_token": token.der})

    async def _embed(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        """Signature, chain and status into the document: PAdES-B-LT."""
        certificate, token = there(signing.certificate), self._token(signing)
        trust = self._trust.of(request.scope.mode)
        data = await self._workplace.validation_data(trust, token, certificate)
        signature = cms.assemble(
            there(signing.signed_attributes),
            there(signing.signature),
            certificate,
            trust.authority.chain[:-1],
            token.der,
        )
        prepared = PreparedRevision(b"", there(signing.reserved_start), there(signing.reserved_end))
        async with self._workplace.on_prepared(signing) as target:
            await asyncio.to_thread(fill, target, prepared, signature)
            await asyncio.to_thread(append_validation_data, target, data)
            stored = await self._workplace.store(request, signing, "signed", target)
        await journal.record(
            tx, signing, "embedded", {"result_key": stored.key, "result_sha256": stored.sha256}
        )

    async def _publish(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> None:
        """The revision, the signer's and the request's state and their events, all or nothing."""
        certificate, token = there(signing.certificate), self._token(signing)
        trust = self._trust.of(request.scope.mode)
        revision = Revision(
            number=there(signing.base_revision) + 1,
            blob_key=there(signing.result_key),
            sha256=there(signing.result_sha256),
            size_bytes=await self._workplace.size(there(signing.result_key)),
        )
        await self._requests.publish_revision(tx, request, signing.id, revision)
        moved = await self._requests.signature_published(
            tx,
            request,
            signer,
            view_of_certificate(certificate, trust.listed_issuers),
            view_of_timestamp(token),
            token.gen_time,
        )
        await journal.record(tx, signing, "published")
        await journal.finish(tx, signing, self._clock.now())
        await trust.custody.destroy_key(signing.id)
        if all(other.status == "signed" for other in moved.signers):
            await journal.begin(tx, moved, new_id("sig"), None, self._clock.now())
        else:
            await self._invitations.send(tx, moved)

    @staticmethod
    def _token(signing: Signing) -> TimestampToken:
        return read_kept_token(there(signing.timestamp_token))


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
