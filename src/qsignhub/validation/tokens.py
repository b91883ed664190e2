"""Judging one RFC 3161 timestamp token (EN 319 102-1 clause 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed, AdESSubIndic
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.ades import ades_timestamp_validation
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureStatus

from qsignhub.validation.anchors import AnchorSet
from qsignhub.validation.document import PARSER_ERRORS
from qsignhub.validation.evidence import TOLERANCE, Evidence
from qsignhub.validation.policy import specification, timing
from qsignhub.validation.wording import sentence_for


def precise(result: AdESSubIndic, status: SignatureStatus | None, fresh: Evidence) -> AdESSubIndic:
    """The sub-indication of clause 5.2.6.3 where the path validator only says that the chain fails.

    TRY_LATER: there is a chain, and only revocation information is missing.
    """
    path = status.validation_path if status is not None else None
    if result != AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE or path is None:
        return result
    missing = fresh.silent_about(path.iter_certs(include_root=False))
    return AdESIndeterminate.TRY_LATER if missing else result


@dataclass(frozen=True)
class Token:
    """``intact``: over these bytes, and its own signature verifies; ``passed``: its issuer is trusted too."""

    time: datetime | None
    authority: str | None
    intact: bool
    result: AdESSubIndic
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.intact and self.time is not None and self.result == AdESPassed.OK


def damaged(reason: str) -> Token:
    return Token(None, None, intact=False, result=AdESFailure.FORMAT_FAILURE, reasons=(reason,))


async def judge_token(
    signed_data: cms.SignedData,
    imprint: Callable[[str], bytes],
    *,
    evidence: Evidence,
    anchors: AnchorSet,
    proven_at: datetime,
    now: datetime,
) -> Token:
    """:param imprint: gives the digest that the token must carry, by the name of a digest algorithm
    :param proven_at: the earliest time at which this token provably existed; else ``now``
    """
    try:
        stated: datetime = signed_data["encap_content_info"]["content"].parsed["gen_time"].native
        certificate = extract_certificate_info(signed_data).signer_cert
        authority = certificate.subject.native.get("common_name") or certificate.subject.human_friendly
        fresh = evidence.as_of(stated, now)
        found = await ades_timestamp_validation(
            signed_data,
            specification(anchors, fresh.knowledge()),
            imprint,
            timing_info=timing(proven_at),
        )
    except SignatureValidationError as error:
        return damaged(f"The timestamp cannot be judged: {error.failure_message}")
    except PARSER_ERRORS as error:
        return damaged(f"The timestamp cannot be read ({error}).")
    status = found.api_status
    intact = status is not None and status.intact and status.valid
    result = precise(found.ades_subindic, status, fresh)
    if result == AdESPassed.OK and not certificate.not_valid_before <= stated <= certificate.not_valid_after:
        result = AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE
    if result == AdESPassed.OK and stated > proven_at + TOLERANCE:
        result = AdESIndeterminate.TIMESTAMP_ORDER_FAILURE
    sentence = sentence_for(result)
    reasons = (f"The timestamp of {authority} does not hold. {sentence}",) if sentence else ()
    return Token(stated, authority, intact, result, reasons)
