"""Our reasons for a revocation and those of the X.509 library."""

from __future__ import annotations

from cryptography import x509

from qsignhub.revocation.model import Reason

REASON_FLAGS = {
    Reason.UNSPECIFIED: x509.ReasonFlags.unspecified,
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.CA_COMPROMISE: x509.ReasonFlags.ca_compromise,
    Reason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    Reason.CESSATION_OF_OPERATION: x509.ReasonFlags.cessation_of_operation,
    Reason.CERTIFICATE_HOLD: x509.ReasonFlags.certificate_hold,
    Reason.REMOVE_FROM_CRL: x509.ReasonFlags.remove_from_crl,
    Reason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
    Reason.AA_COMPROMISE: x509.ReasonFlags.aa_compromise,
}
_REASONS = {flag: reason for reason, flag in REASON_FLAGS.items()}


def reason_of(flag: x509.ReasonFlags | None) -> Reason | None:
    return None if flag is None else _REASONS[flag]
