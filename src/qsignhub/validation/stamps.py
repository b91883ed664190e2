"""Document timestamps (EN 319 142-1 clause 5.4.3), judged from the last to the first.

A timestamp that passes proves that everything before it existed at its time; so an earlier one is judged
as of the next later one, which is how an archive outlives its certificates (EN 319 102-1 clause 5.6.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509
from pyhanko.sign.ades.report import AdESIndeterminate

from qsignhub.validation.anchors import AnchorSet
from qsignhub.validation.container import carried_certificates, unattributable_certificates
from qsignhub.validation.document import PARSER_ERRORS, SignedDocument, SignedField
from qsignhub.validation.evidence import Evidence, SecurityStores, carried_evidence
from qsignhub.validation.integrity import Integrity, examine
from qsignhub.validation.report import DocumentTimestampReport
from qsignhub.validation.tokens import Token, damaged, judge_token
from qsignhub.validation.wording import indication_of, sub_indication_of

SPARE_CERTIFICATE = (
    "The signature carries a certificate that nobody known has issued; it may have been altered."
)


@dataclass(frozen=True)
class Stamp:
    """A document timestamp with its verdict."""

    field: SignedField
    token: Token
    integrity: Integrity

    @property
    def intact(self) -> bool:
        return self.token.intact and not self.integrity.defects

    @property
    def passed(self) -> bool:
        return self.token.passed and not self.integrity.defects

    def report(self) -> DocumentTimestampReport:
        result = self.integrity.result or self.token.result
        return DocumentTimestampReport(
            field=self.field.name,
            timestamped_at=self.token.time,
            authority=self.token.authority,
            intact=self.intact,
            trusted=self.passed,
            covers_whole_file=self.integrity.covers_whole_file,
            indication=indication_of(result),
            sub_indication=sub_indication_of(result),
            reasons=(*self.integrity.defects, *self.token.reasons),
        )


async def judge_stamps(
    document: SignedDocument, stores: SecurityStores, anchors: AnchorSet, now: datetime
) -> tuple[Stamp, ...]:
    """Every document timestamp, in the order of the document's revisions."""
    store = stores.latest()
    stamps: list[Stamp] = []
    proven_at = now
    for field in reversed([field for field in document.fields if field.is_timestamp]):
        try:
            stamp = await _judge(document, field, store, anchors, proven_at, now)
        except PARSER_ERRORS as error:  # asn1crypto parses lazily: damage may show anywhere below
            stamp = Stamp(field, damaged(f"The timestamp cannot be processed ({error})."), Integrity(()))
        if stamp.passed and stamp.token.time is not None:
            proven_at = min(proven_at, stamp.token.time)
        stamps.insert(0, stamp)
    return tuple(stamps)


async def _judge(
    document: SignedDocument,
    field: SignedField,
    store: Evidence,
    anchors: AnchorSet,
    proven_at: datetime,
    now: datetime,
) -> Stamp:
    integrity = examine(document, field)
    signature = field.signature
    if signature is None or integrity.defects:
        return Stamp(field, _unjudged(field), integrity)
    evidence = store.merged(carried_evidence(signature))
    token = await judge_token(
        signature.signed_data,
        signature.compute_digest,
        evidence=evidence,
        anchors=anchors,
        proven_at=proven_at,
        now=now,
    )
    if token.passed and proven_at == now and carries_spare(signature.pkcs7_content, evidence, anchors):
        token = Token(
            token.time,
            token.authority,
            token.intact,
            AdESIndeterminate.SIG_CONSTRAINTS_FAILURE,
            (SPARE_CERTIFICATE,),
        )
    return Stamp(field, token, integrity)


def _unjudged(field: SignedField) -> Token:
    return damaged(f"The document timestamp in field {field.name} is not judged further.")


def carries_spare(contents: bytes, evidence: Evidence, anchors: AnchorSet) -> bool:
    """Is there a certificate in an unprotected container that cannot be attributed to anybody?"""
    known: Sequence[x509.Certificate] = [*evidence.certificates, *evidence.responder_certificates()]
    return bool(unattributable_certificates(carried_certificates(contents), known, anchors.certificates))
