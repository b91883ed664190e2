"""Whether a signature will be what was asked for. It is that, or it is not made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qsignhub.ceremonies.errors import CertificateNotQualified, TrustedListsUnavailable
from qsignhub.ceremonies.trust import NOT_QUALIFIED, Standing, TrustService
from qsignhub.signature_requests.model import SignatureRequest


def standing_of(
    request: SignatureRequest, trust: TrustService, certificate: bytes, chain: Sequence[bytes], at: datetime
) -> Standing:
    """By the trusted lists. Where they cannot be had a qualified signature waits for them.

    Raises CertificateNotQualified where a qualified signature is asked for and this would be none: as the
    certificate is found, before the key is used, and at the time that the timestamp proves.
    """
    wanted = request.signature_type == "qes"
    try:
        found = trust.trusted_lists.standing(certificate, chain, at)
    except TrustedListsUnavailable:
        if wanted:
            raise
        return NOT_QUALIFIED
    if wanted and trust.qualified_or_nothing and not found.makes_qes:
        raise CertificateNotQualified(
            "A qualified signature is asked for, and by the trusted lists the signer's certificate "
            "is not qualified, or its key not in a QSCD. There is no such signature."
        )
    return found
