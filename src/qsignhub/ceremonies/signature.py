"""The steps of one signer's signature. Each reads the journal, does one thing, and records it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from qsignhub.ceremonies import confirmations, journal, status_data
from qsignhub.ceremonies.clicks import statement_of
from qsignhub.ceremonies.errors import (
    AuthorisationRefused,
    CertificateExpired,
    CertificateRevoked,
    CertificateStatusLost,
    ConsentLapsed,
    DocumentChanged,
    TrustServiceGone,
)
from qsignhub.ceremonies.evidence import validity_of, view_of_certificate, view_of_timestamp
from qsignhub.ceremonies.findings import (
    algorithm_of,
    issuers_of,
    path_of,
    prepared_of,
    reference_of,
    token_of,
)
from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.journal import Consent, Consents, JournaledActivation, Level, Signing, Step, there
from qsignhub.ceremonies.levels import standing_of
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import TrustService, signatory_of
from qsignhub.ceremonies.visible import appearance_of, written_of
from qsignhub.ceremonies.workplace import Workplace, format_of, published
from qsignhub.custody import activation as activations
from qsignhub.custody.activation import Activation
from qsignhub.custody.errors import ActivationExpired, ActivationUsed, SignerNotAuthorised
from qsignhub.evidence.report import visible
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_id
from qsignhub.identity.service import IdentityVerifications
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing import cms
from qsignhub.signing.format import Attachment, Format, Intent, Made

CONSENT_LIFETIME = timedelta(minutes=30)
Checkpoint = Callable[[str], None]
TrailSoFar = Callable[[Transaction, SignatureRequest], Awaitable[bytes]]
"""The audit trail up to now, as PDF/A."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What a step works on; the request is locked by the transaction."""

    tx: Transaction
    request: SignatureRequest
    signer: Signer
    signing: Signing
    consents: Consents


_Doer = Callable[[_Work], Awaitable[Signing | None]]
"""The signing as it is after a step; None where it has come to its end."""


class SignatureSteps:
    def __init__(
        self,
        requests: SignatureRequests,
        identities: IdentityVerifications,
        trust: TrustServices,
        invitations: Invitations,
        workplace: Workplace,
        trail_so_far: TrailSoFar,
        clock: Clock,
        checkpoint: Checkpoint,
    ) -> None:
        """``checkpoint`` is called with the name of each step before it and after it."""
        self._requests = requests
        self._identities = identities
        self._trust = trust
        self._invitations = invitations
        self._workplace = workplace
        self._trail_so_far = trail_so_far
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

    async def awaits_signer(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, signing: Signing
    ) -> bool:
        """Whether nothing can be done before the signer has confirmed at the trust service, in time."""
        if signing.step != "prepared":
            return False
        service = self._trust.named(request.scope.mode, signing.trust_service)
        if not await confirmations.is_missing(service, request.signature_type, signer):
            return False
        if signing.awaiting_since is None:
            await journal.await_signer(tx, signing, self._clock.now())
            return True
        return self._clock.now() < signing.awaiting_since + confirmations.PATIENCE

    async def step(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signer: Signer,
        signing: Signing,
        consents: Consents,
    ) -> Signing | None:
        """The signing as it is then; None once it is published.

        All but the last one write when nothing of theirs can be refused any more (a certificate that was
        issued before a refusal was issued): they need no savepoint.
        """
        name, do = self._after[signing.step]
        self._checkpoint(f"before {name}")
        then = await do(_Work(tx, request, signer, signing, consents))
        self._checkpoint(f"after {name}")
        return then

    async def _certify(self, work: _Work) -> Signing:
        """The key and its certificate: made for this one signature, the signer's at the service, or, for
        a simple signature, the seal.
        """
        await self._current_consent(work)
        verification = await self._identities.of_signer(work.tx, work.request.scope, work.signer.id)
        country = verification.identity.document_country if verification and verification.identity else None
        who = replace(
            signatory_of(work.signer),
            country=country or work.signer.identity_country,
            certificate_compromised=bool(verification and verification.hints.get("certificate_revoked")),
        )
        trust = self._service(work)
        certificates = trust.certificates_for(work.request.signature_type)
        key = await certificates.certify(
            work.tx, reference_of(work.signing), who, work.request.signature_type
        )
        standing_of(work.request, trust, key.certificate, key.chain, self._clock.now())
        return await journal.record(
            work.tx,
            work.signing,
            "certified",
            {
                "key_id": key.key_id,
                "algorithm": key.algorithm.name,
                "certificate": key.certificate,
                "chain": list(key.chain),
            },
        )

    async def _prepare(self, work: _Work) -> Signing:
        """The exact bytes to be signed, in the journal before the key is touched."""
        certificate = there(work.signing.certificate)
        source = await self._workplace.source(work.tx, work.request)
        consent = await work.consents.of(work.signer)
        if consent is None or consent.document_sha256 != source.original_sha256:
            raise DocumentChanged("The document is not the one that the signer agreed to; it is not signed.")
        if consent.signable_sha256 != source.signable_sha256:
            raise DocumentChanged(
                "The document was converted again after the signer agreed; it is not signed."
            )
        intent = Intent(
            name=f"Signature-{work.signer.id}",
            certificate=certificate,
            algorithm=algorithm_of(work.signing),
            claimed_time=self._clock.now(),
            data_object=source.data_object,
            chain=issuers_of(work.signing),
            statement=_statement(work, consent),
            appearance=appearance_of(work.request, work.signer, written_of(consent.written, work.signer)),
            attachment=await self._attachment(work) if source.unsigned else None,
        )
        key, sha256 = source.key, source.sha256
        async with self._workplace.files_of(source) as (document, latest, target):
            prepared = await asyncio.to_thread(_format(work).prepare, document, latest, target, intent)
            if prepared.reserved is not None:
                stored = await self._workplace.store(work.request, work.signing, "prepared", target)
                key, sha256 = stored.key, stored.sha256
        start, end = prepared.reserved or (None, None)
        return await journal.record(
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
                "digest": hashlib.sha256(_format(work).message(prepared)).digest(),
            },
        )

    async def _attachment(self, work: _Work) -> Attachment | None:
        """With the first signature and never after: it would hurt those that are there (decision 20)."""
        if work.request.format != "pades":
            return None
        return Attachment(
            "audit-trail.pdf",
            "application/pdf",
            "Audit trail, up to the first signature",
            await self._trail_so_far(work.tx, work.request),
        )

    async def _activate(self, work: _Work) -> Signing:
        """The signer's authorisation, bound to this key and this digest, on record before its use."""
        now = self._clock.now()
        await self._current_consent(work)
        wanted = work.request.signature_type
        if await confirmations.is_missing(self._service(work), wanted, work.signer):
            raise ConsentLapsed("The signer did not confirm at the trust service; the signer is asked again.")
        activation = Activation(
            id=new_id("act"),
            signer_id=work.signer.id,
            key_id=there(work.signing.key_id),
            digest=there(work.signing.digest),
            expires_at=now + activations.LIFETIME,
        )
        token = self._service(work).activations.issue(activation)
        journaled = JournaledActivation(
            activation.id, activation.key_id, activation.digest, token, activation.expires_at, "issued"
        )
        await journal.add_activation(work.tx, work.signing, journaled, now)
        return await journal.record(work.tx, work.signing, "activated")

    async def _current_consent(self, work: _Work) -> None:
        consent = await work.consents.of(work.signer)
        if consent is None or consent.given_at + CONSENT_LIFETIME <= self._clock.now():
            raise ConsentLapsed("Too long since the signer agreed; the signer is asked to confirm again.")

    async def _sign(self, work: _Work) -> Signing:
        """One use of the key; after a crash its outcome is asked of custody, not repeated."""
        renewed = await self._renewed(work, self._clock.now())
        if renewed is not None:
            return renewed
        trust, key_id = self._service(work), there(work.signing.key_id)
        standing_of(
            work.request, trust, there(work.signing.certificate), path_of(work.signing)[1:], self._clock.now()
        )
        custody = trust.custody
        message = _format(work).message(prepared_of(work.signing))
        activation = await journal.issued_activation(work.tx, work.signing)
        if activation is None:
            return await journal.record(work.tx, work.signing, "prepared")
        outcome = await custody.outcome(key_id, activation.id)
        if outcome.state == "begun":
            await journal.settle_activation(work.tx, activation.id, "burnt")
            return await journal.record(work.tx, work.signing, "prepared")
        signature = outcome.signature
        if signature is None:
            try:
                signature = await custody.sign(key_id, message, activation.token)
            except ActivationExpired:
                await journal.settle_activation(work.tx, activation.id, "lapsed")
                return await journal.record(work.tx, work.signing, "prepared")
            except ActivationUsed:  # by somebody who thought the same between the question and the use
                await journal.settle_activation(work.tx, activation.id, "burnt")
                return await journal.record(work.tx, work.signing, "prepared")
            except SignerNotAuthorised as refusal:
                raise AuthorisationRefused(refusal.message) from refusal
        cms.verify_signature_value(
            algorithm_of(work.signing), signature, message, there(work.signing.certificate)
        )
        await journal.settle_activation(work.tx, activation.id, "done")
        return await journal.record(work.tx, work.signing, "signed", {"signature": signature})

    async def _timestamp(self, work: _Work) -> Signing:
        renewed = await self._renewed(work, self._clock.now())
        if renewed is not None:
            return renewed
        imprint = _format(work).imprint(
            prepared_of(work.signing), there(work.signing.signature), there(work.signing.certificate)
        )
        with status_data.waiting_for_better():
            token = await self._service(work).timestamps.timestamp(imprint)
        renewed = await self._renewed(work, token.gen_time)
        if renewed is not None:
            return renewed
        return await journal.record(work.tx, work.signing, "timestamped", {"timestamp_token": token.der})

    async def _embed(self, work: _Work) -> Signing:
        """Signature, chain and status into the document: B-LT.

        A status from before the timestamp proves nothing about it: then it is B-T, and the seal waits for a
        newer one. Raises CertificateRevoked, CertificateStatusLost.
        """
        certificate, token = there(work.signing.certificate), token_of(work.signing)
        status = await status_data.of_signature(
            self._service(work), token, path_of(work.signing), self._clock
        )
        if status.is_revoked:
            raise CertificateRevoked("The signer's certificate is revoked, as its issuer says.")
        if status.is_lost:
            raise CertificateStatusLost(CertificateStatusLost.explanation)
        status.check_others()
        level: Level = "B-LT" if status.proves else "B-T"
        made = Made(
            prepared=prepared_of(work.signing),
            first=there(work.signing.base_revision) == 0,
            data_object=await self._workplace.data_object(work.tx, work.request),
            certificate=certificate,
            algorithm=algorithm_of(work.signing),
            chain=issuers_of(work.signing),
            signature=there(work.signing.signature),
            timestamp_token=token.der,
            validation_data=status.data if level == "B-LT" else None,
        )
        async with self._workplace.on_prepared(work.signing) as target:
            await asyncio.to_thread(_format(work).embed, target, made)
            stored = await self._workplace.store(work.request, work.signing, "signed", target)
        return await journal.record(work.tx, work.signing, "embedded", {"level": level, **stored.as_result()})

    async def _publish(self, work: _Work) -> None:
        """The revision, the signer's and the request's state and their events, all or nothing."""
        certificate, token = there(work.signing.certificate), token_of(work.signing)
        trust = self._service(work)
        standing = standing_of(work.request, trust, certificate, path_of(work.signing)[1:], token.gen_time)
        await self._requests.publish_revision(work.tx, work.request, work.signing.id, published(work.signing))
        moved = await self._requests.signature_published(
            work.tx,
            work.request,
            work.signer,
            view_of_certificate(certificate, qualified=standing.qualified),
            view_of_timestamp(token),
            token.gen_time,
        )
        await journal.record(work.tx, work.signing, "published", {"finished_at": self._clock.now()})
        certificates = trust.certificates_for(work.request.signature_type)
        await certificates.dispose(there(work.signing.key_id))
        if all(other.status == "signed" for other in moved.signers):
            await journal.begin(work.tx, moved, new_id("sig"), None, trust.name, self._clock.now())
        else:
            await self._invitations.send(work.tx, moved)

    async def _renewed(self, work: _Work, moment: datetime) -> Signing | None:
        """The signing at its beginning, for another certificate, where its own is not valid at a moment.

        Not without the signer's consent: that is looked at each time before a key is used. Raises
        CertificateExpired where there is no other.
        """
        begin, end = validity_of(there(work.signing.certificate))
        if begin <= moment <= end:
            return None
        certificates = self._service(work).certificates_for(work.request.signature_type)
        if not certificates.renewable or moment < begin:
            raise CertificateExpired("The signer's certificate was not valid when the signature was made.")
        activation = await journal.issued_activation(work.tx, work.signing)
        if activation is not None:
            await self._settle(work.tx, self._service(work), activation)
        await certificates.dispose(there(work.signing.key_id))
        return await journal.renew(work.tx, work.signing)

    async def abandon(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        """Settles a refused signing: what became of its authorisation is on record, its key is no more."""
        activation = await journal.issued_activation(tx, signing)
        try:
            service = self._trust.named(request.scope.mode, signing.trust_service)
            certificates = service.certificates_for(request.signature_type)
        except TrustServiceGone:  # whether its key was used cannot be asked any more
            if activation is not None:
                await journal.settle_activation(tx, activation.id, "burnt")
            return
        if activation is not None:
            await self._settle(tx, service, activation)
        if service.secrets is not None and signing.signer_id is not None:
            await service.secrets.forget(signing.signer_id)
        if signing.key_id is not None:
            await certificates.dispose(signing.key_id)

    @staticmethod
    async def _settle(tx: Transaction, service: TrustService, activation: JournaledActivation) -> None:
        """What became of an authorisation that is not gone on with."""
        outcome = await service.custody.outcome(activation.key_id, activation.id)
        state = {"unused": "lapsed", "begun": "burnt", "done": "done"}[outcome.state]
        await journal.settle_activation(tx, activation.id, state)

    def _service(self, work: _Work) -> TrustService:
        return self._trust.named(work.request.scope.mode, work.signing.trust_service)


def _statement(work: _Work, consent: Consent) -> str | None:
    """What is signed beside the document: the click that a seal confirms, or why the signer signs."""
    if work.request.signature_type == "ses":
        return statement_of(consent)
    return visible(work.signer.reason) if work.signer.reason else None


def _format(work: _Work) -> Format:
    return format_of(work.request)
