"""The validation policy: constraints that EN 319 102-1 leaves to whoever validates, in one place.

- Every certificate below an anchor needs revocation information (OCSP or CRL); ``ocsp-nocheck`` exempts
  responders (RFC 6960 clause 4.2.2.2.1).
- SHA-1 and MD5 are refused, RSA below 2048 bits too (TS 119 312); both for signatures and certificates.
- Nothing is fetched: what the document holds and the anchors decide.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    CMSAlgorithmUsagePolicy,
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    FreshnessReqType,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from qsignhub.validation.anchors import AnchorSet

MIN_RSA_BITS = 2048

# Freshness is judged against the best-signature-time when evidence is selected (evidence.py). The path
# validator, which would compare with the control time instead, is told to take what was selected.
_SELECTED_BEFORE = timedelta(days=365 * 100)


def algorithm_policy() -> CMSAlgorithmUsagePolicy:
    return CMSAlgorithmUsagePolicy.lift_policy(
        DisallowWeakAlgorithmsPolicy(rsa_key_size_threshold=MIN_RSA_BITS)  # type: ignore[no-untyped-call]
    )


def specification(anchors: AnchorSet, knowledge: LocalKnowledge) -> SignatureValidationSpec:
    """A fresh policy object for each operation: the contexts built from it keep state."""
    certificates = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=list(anchors.certificates)),
        revinfo_policy=CertRevTrustPolicy(
            REQUIRE_REVINFO,
            freshness=_SELECTED_BEFORE,
            freshness_req_type=FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION,
        ),
        algorithm_usage_policy=algorithm_policy(),
    )
    return SignatureValidationSpec(
        cert_validation_policy=certificates,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
            certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
        ),
        local_knowledge=knowledge,
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"}),
        signature_algorithm_policy=algorithm_policy(),
    )


def timing(moment: datetime) -> ValidationTimingInfo:
    """Validation as of ``moment``: revocations later than that do not count."""
    return ValidationTimingInfo(
        validation_time=moment, best_signature_time=moment, point_in_time_validation=True
    )
