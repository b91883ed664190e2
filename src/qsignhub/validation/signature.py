"""The verdict on one signature (EN 319 102-1 clauses 5.3, 5.5 and 5.6.3), as of its best-signature-time.

1. Timestamps first: those of the signature and the document timestamps after it prove when it existed at the
   latest, the best-signature-time. Without one, only the present counts.
2. The signature and its chain are validated as of that time, with the revocation information in the document
   that is fresh for it. So a one-time certificate may have expired long ago.
3. That revocation information must itself be believable: who issued it was within validity now, or when a
   later document timestamp sealed it.
4. What is outside of every digest must be as it should (integrity.py, container.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESStatus, AdESSubIndic
from pyhanko.sign.validation import generic_cms
from pyhanko.sign.validation.ades import ades_basic_validation
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from qsignhub.validation.anchors import AnchorSet
from qsignhub.validation.document import PARSER_ERRORS, SignedDocument, SignedField
from qsignhub.validation.evidence import Evidence, SecurityStores, carried_evidence
from qsignhub.validation.integrity import Integrity, examine
from qsignhub.validation.level import baseline
from qsignhub.validation.policy import specification, timing
from qsignhub.validation.qualification import determine
from qsignhub.validation.report import OcspStatus, SignatureReport
from qsignhub.validation.stamps import SPARE_CERTIFICATE, Stamp, carries_spare
from qsignhub.validation.tokens import Token, judge_token, precise
from qsignhub.validation.wording import indication_of, sentence_for, sub_indication_of

_REVOKED = (AdESIndeterminate.REVOKED_NO_POE, AdESFailure.REVOKED)


@dataclass(frozen=True)
class _Basic:
    """The outcome of clause 5.3; ``chain`` is there as soon as the signer's chain ends in an anchor."""

    result: AdESSubIndic
    chain: tuple[x509.Certificate, ...] = ()
    anchor: x509.Certificate | None = None
    certificate_valid: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class _Proof:
    """What the timestamps prove about one signature."""

    tokens: tuple[Token, ...]
    later: tuple[Stamp, ...]  # document timestamps after the signature, in order
    sealed_at: datetime | None  # since when its validation data are sealed

    @property
    def best_signature_time(self) -> datetime | None:
        stamps = (stamp.token for stamp in self.later if stamp.passed)
        return min((one.time for one in (*self.tokens, *stamps) if one.passed and one.time), default=None)

    @property
    def valid(self) -> bool:
        return self.best_signature_time is not None and all(token.passed for token in self.tokens)


async def judge_signature(
    document: SignedDocument,
    field: SignedField,
    stamps: tuple[Stamp, ...],
    stores: SecurityStores,
    *,
    anchors: AnchorSet,
    now: datetime,
) -> SignatureReport:
    integrity = examine(document, field)
    signature = field.signature
    if signature is None:
        return _unreadable(field, integrity)
    try:
        return await _judge(field, signature, integrity, stamps, stores, anchors=anchors, now=now)
    except PARSER_ERRORS as error:  # asn1crypto parses lazily: damage may show anywhere below
        told = f"The signature cannot be processed ({error})."
        return _unreadable(field, Integrity((*integrity.defects, told)))


async def _judge(
    field: SignedField,
    signature: EmbeddedPdfSignature,
    integrity: Integrity,
    stamps: tuple[Stamp, ...],
    stores: SecurityStores,
    *,
    anchors: AnchorSet,
    now: datetime,
) -> SignatureReport:
    certificate = signature.signer_cert
    evidence = stores.latest().merged(carried_evidence(signature))
    proof = await _proof(signature, stamps, stores, evidence, anchors=anchors, now=now)
    best = proof.best_signature_time
    fresh = evidence.as_of(best or now, now)
    basic = await _basic(signature, fresh, anchors, best or now)
    result, reasons = _verdict(signature, basic, proof, integrity, evidence, anchors=anchors, now=now)
    qualification = determine(certificate, basic.anchor, anchors, failed=result.status == AdESStatus.FAILED)
    return SignatureReport(
        field=field.name,
        signer_name=_name(certificate.subject),
        signed_at=best or _claimed_time(signature),
        signature_level=qualification.level,
        certificate_valid=basic.certificate_valid,
        certificate_issuer=_organisation(certificate.issuer),
        trusted_list=qualification.trusted_list,
        document_integrity=not integrity.defects and basic.result not in _BROKEN,
        timestamp_valid=proof.valid,
        ocsp_status=_ocsp_status(basic, fresh, certificate),
        indication=indication_of(result),
        sub_indication=sub_indication_of(result),
        format=_format(field, stores, evidence, proof),
        reasons=(*reasons, *integrity.notes),
    )


_EXPIRED_ISSUERS = (
    "Who vouches for the certificate ({}) is outside its own validity, "
    "and no document timestamp sealed the validation data while it was within."
)
_CHAIN_AT_FAULT = (
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE,
)
_BROKEN = (AdESFailure.HASH_FAILURE, AdESFailure.FORMAT_FAILURE, AdESFailure.SIG_CRYPTO_FAILURE)


async def _proof(
    signature: EmbeddedPdfSignature,
    stamps: tuple[Stamp, ...],
    stores: SecurityStores,
    evidence: Evidence,
    *,
    anchors: AnchorSet,
    now: datetime,
) -> _Proof:
    later = tuple(stamp for stamp in stamps if stamp.field.revision > signature.signed_revision)
    passed = [stamp for stamp in later if stamp.passed and stamp.token.time is not None]
    existed = min((stamp.token.time for stamp in passed if stamp.token.time), default=now)
    tokens = [
        await judge_token(
            signed_data,
            generic_cms.message_imprint_checker(signature.signer_info),
            evidence=evidence,
            anchors=anchors,
            proven_at=existed,
            now=now,
        )
        for signed_data in generic_cms.extract_tst_data_iter(signature.signer_info, signed=False)
    ]
    sealed = next((stamp for stamp in passed if _seals(stores, stamp, signature.signer_cert)), None)
    return _Proof(tuple(tokens), later, sealed.token.time if sealed else None)


def _seals(stores: SecurityStores, stamp: Stamp, certificate: x509.Certificate) -> bool:
    """Are the validation data of this certificate in the part of the document that the timestamp covers?"""
    return stores.at(stamp.field.revision).speaks_of(certificate)


async def _basic(
    signature: EmbeddedPdfSignature, evidence: Evidence, anchors: AnchorSet, moment: datetime
) -> _Basic:
    try:
        found = await ades_basic_validation(
            signature.signed_data,
            specification(anchors, evidence.knowledge()),
            timing_info=timing(moment),
            raw_digest=signature.compute_digest(),
        )
    except SignatureValidationError as error:
        result = error.ades_subindication or AdESFailure.FORMAT_FAILURE
        return _Basic(result, reason=str(error.failure_message))
    except PARSER_ERRORS as error:
        return _Basic(AdESFailure.FORMAT_FAILURE, reason=f"The signature cannot be processed ({error}).")
    status = found.api_status
    result = precise(found.ades_subindic, status, evidence)
    if status is None or status.validation_path is None:
        return _Basic(result, reason=found.failure_msg)
    certificate = signature.signer_cert
    if result == AdESIndeterminate.TRY_LATER and moment > certificate.not_valid_after:
        result = AdESIndeterminate.OUT_OF_BOUNDS_NO_POE
    return _Basic(
        result,
        chain=tuple(status.validation_path.iter_certs(include_root=False)),
        anchor=status.validation_path.first,
        certificate_valid=status.trust_problem_indic is None,
        reason=found.failure_msg,
    )


def _verdict(
    signature: EmbeddedPdfSignature,
    basic: _Basic,
    proof: _Proof,
    integrity: Integrity,
    evidence: Evidence,
    *,
    anchors: AnchorSet,
    now: datetime,
) -> tuple[AdESSubIndic, tuple[str, ...]]:
    token_reasons = tuple(reason for token in proof.tokens for reason in token.reasons)
    result = basic.result
    if integrity.result is not None:
        return integrity.result, (*integrity.defects, *token_reasons)
    best = proof.best_signature_time
    certificate = signature.signer_cert
    if result in _CHAIN_AT_FAULT and best and best < certificate.not_valid_before:
        result = AdESFailure.NOT_YET_VALID
    if result != AdESPassed.OK:
        told = (sentence_for(result), basic.reason)
        return result, (*(reason for reason in told if reason), *token_reasons)
    if not all(token.passed for token in proof.tokens):
        return AdESIndeterminate.SIG_CONSTRAINTS_FAILURE, token_reasons
    expired = _expired_issuers(basic, evidence, proof.sealed_at or now)
    if expired:
        return AdESIndeterminate.NO_POE, (_EXPIRED_ISSUERS.format(", ".join(sorted(expired))),)
    covered = any(stamp.passed for stamp in proof.later)
    if not covered and carries_spare(signature.pkcs7_content, evidence, anchors):
        return AdESIndeterminate.SIG_CONSTRAINTS_FAILURE, (SPARE_CERTIFICATE,)
    return result, ()


def _expired_issuers(basic: _Basic, evidence: Evidence, moment: datetime) -> set[str]:
    """Authorities and responders in the signer's chain that were not within validity at ``moment``."""
    answers = [answer for certificate in basic.chain for answer in evidence.answers(certificate)]
    used = Evidence(ocsps=tuple(answers)).responder_certificates()
    authorities = basic.chain[:-1]
    return {
        one.subject.human_friendly
        for one in (*authorities, *used)
        if not one.not_valid_before <= moment <= one.not_valid_after
    }


def _ocsp_status(basic: _Basic, fresh: Evidence, certificate: x509.Certificate) -> OcspStatus:
    """As of best-signature-time; an answer counts only if the chain behind it was validated with it."""
    if basic.result in _REVOKED:
        return "revoked"
    return "good" if basic.certificate_valid and any(fresh.answers(certificate)) else "unknown"


def _format(field: SignedField, stores: SecurityStores, evidence: Evidence, proof: _Proof) -> str:
    signature = field.signature
    if signature is None:
        return baseline(field, proven_time=False, validation_data=False, archived=False)
    certificate = signature.signer_cert
    intact = [stamp for stamp in proof.later if stamp.intact]
    return baseline(
        field,
        proven_time=bool(intact) or any(token.intact for token in proof.tokens),
        validation_data=evidence.speaks_of(certificate),
        archived=any(_seals(stores, stamp, certificate) for stamp in intact),
    )


def _claimed_time(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        claimed = signature.self_reported_timestamp
    except PARSER_ERRORS:
        return None
    return claimed if claimed is not None and claimed.tzinfo is not None else None


def _name(subject: x509.Name) -> str:
    return str(subject.native.get("common_name") or subject.human_friendly)


def _organisation(issuer: x509.Name) -> str:
    return str(
        issuer.native.get("organization_name") or issuer.native.get("common_name") or issuer.human_friendly
    )


def _unreadable(field: SignedField, integrity: Integrity) -> SignatureReport:
    result = integrity.result or AdESFailure.FORMAT_FAILURE
    return SignatureReport(
        field=field.name,
        signer_name=None,
        signed_at=None,
        signature_level="SES",
        certificate_valid=False,
        certificate_issuer=None,
        trusted_list="NOT_TRUSTED",
        document_integrity=False,
        timestamp_valid=False,
        ocsp_status="unknown",
        indication=indication_of(result),
        sub_indication=sub_indication_of(result),
        format=baseline(field, proven_time=False, validation_data=False, archived=False),
        reasons=integrity.defects,
    )
