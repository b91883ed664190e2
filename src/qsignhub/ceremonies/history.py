"""The history of a request, told from its records. What is not on record is left out, nothing is inferred."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from cryptography import x509
from cryptography.x509.oid import NameOID

from qsignhub.ceremonies.chronicle import entries_of
from qsignhub.ceremonies.evidence import serial_in_pairs
from qsignhub.ceremonies.journal import RecordedConsent, RecordedSigning
from qsignhub.ceremonies.records import Records
from qsignhub.evidence.model import (
    CertificateFinding,
    ConsentFinding,
    File,
    History,
    IdentityFinding,
    Party,
    TimestampFinding,
)
from qsignhub.identity.model import Verification
from qsignhub.signature_requests.events import signed_document_path
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.timestamping.kept import read_kept_token


def history_of(records: Records) -> History:
    request, document = records.request, records.document
    seal = next((signing for signing in records.signings if signing.kind == "seal"), None)
    return History(
        request_id=request.id,
        sandbox=request.scope.mode == "test",
        level=request.signature_type,
        sender=records.sender,
        created_at=request.created_at,
        told_at=request.completed_at or records.told_at,
        completed_at=request.completed_at,
        document=File(document.file_name, document.sha256, document.size_bytes, document.pages),
        signed=File(_signed_name(request), records.signed.sha256, records.signed.size_bytes)
        if records.signed
        else None,
        converted_sha256=document.pdf_sha256 if request.format == "pades" else None,
        seal=_timestamp(seal) if seal else None,
        parties=tuple(_party(records, number, s) for number, s in enumerate(request.signers, 1)),
        entries=entries_of(records),
    )


def _signed_name(request: SignatureRequest) -> str:
    return PurePosixPath(signed_document_path(request)).name


def _party(records: Records, number: int, signer: Signer) -> Party:
    signing = next((s for s in records.signings if s.signer_id == signer.id and not s.refusal_code), None)
    consent = next((c for c in records.consents if c.signer_id == signer.id), None)
    verification = records.verifications.get(signer.id)
    return Party(
        number=number,
        name=signer.name,
        email=signer.email,
        signed_at=signer.signed_at,
        identity=_identity(verification) if verification else None,
        consent=_consent(consent) if consent else None,
        certificate=_certificate(signing, signer) if signing else None,
        timestamp=_timestamp(signing) if signing else None,
    )


def _identity(found: Verification) -> IdentityFinding:
    identity = found.identity
    return IdentityFinding(
        verified=found.status == "verified",
        method=found.method,
        checked_at=found.verified_at,
        full_name=identity.full_name if identity else None,
        document_type=identity.document_type if identity else None,
        document_country=identity.document_country if identity else None,
        document_expiry=identity.document_expiry if identity else None,
        match_score=identity.match_score if identity else None,
        liveness_check=found.liveness_check,
        failure_reason=found.failure_reason,
    )


def _consent(consent: RecordedConsent) -> ConsentFinding:
    return ConsentFinding(
        consent.given_at, consent.document_sha256, consent.ip_address, consent.user_agent, consent.click
    )


def _certificate(signing: RecordedSigning, signer: Signer) -> CertificateFinding | None:
    if signing.certificate is None:
        return None
    parsed = x509.load_der_x509_certificate(signing.certificate)
    return CertificateFinding(
        subject=_common_name(parsed.subject),
        issuer=_common_name(parsed.issuer),
        serial=serial_in_pairs(parsed.serial_number),
        valid_from=parsed.not_valid_before_utc,
        valid_to=parsed.not_valid_after_utc,
        sha256=hashlib.sha256(signing.certificate).hexdigest(),
        qualified=signer.certificate is not None and signer.certificate.qualified,
        chain=(signing.certificate, *(signing.chain or ())),
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _timestamp(signing: RecordedSigning) -> TimestampFinding | None:
    if signing.timestamp_token is None:
        return None
    token = read_kept_token(signing.timestamp_token)
    return TimestampFinding(token.gen_time, token.authority, token.hash_algorithm, token.imprint.hex())
