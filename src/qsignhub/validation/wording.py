"""The sub-indications of EN 319 102-1 clause 5.1.3 in plain sentences: what is wrong, and what would help."""

from __future__ import annotations

from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESStatus, AdESSubIndic

from qsignhub.validation.report import Indication

_SENTENCES: dict[AdESSubIndic, str] = {
    AdESFailure.FORMAT_FAILURE: "The signature's format is broken or its bytes were tampered with.",
    AdESFailure.HASH_FAILURE: "The signed bytes were changed after signing: the digest differs.",
    AdESFailure.SIG_CRYPTO_FAILURE: "The signature value does not verify with the signer's public key.",
    AdESFailure.REVOKED: "The certificate had been revoked when the signature was made.",
    AdESFailure.NOT_YET_VALID: "The signature was made before the certificate became valid.",
    AdESIndeterminate.SIG_CONSTRAINTS_FAILURE: "The signature has or lacks an attribute against the policy.",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "The certificate or its chain is not meant for this use.",
    AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE: "The certificate chain does not validate.",
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE: (
        "An algorithm or key length used is no longer considered secure (such as SHA-1, MD5 or short RSA)."
    ),
    AdESIndeterminate.EXPIRED: "The certificate had expired when the signature was made.",
    AdESIndeterminate.NOT_YET_VALID: "The certificate was not yet valid.",
    AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND: "The signature does not carry the signing certificate.",
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: (
        "The certificate does not chain to any certificate that is trusted here."
    ),
    AdESIndeterminate.REVOKED_NO_POE: (
        "The certificate was revoked, and nothing proves that the signature existed before the revocation."
    ),
    AdESIndeterminate.REVOKED_CA_NO_POE: (
        "A certification authority was revoked, and nothing proves that the signature existed before that."
    ),
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: (
        "The certificate is outside its validity period, and no valid timestamp proves an earlier time."
    ),
    AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE: (
        "The revocation information is outside its validity, and nothing proves that it existed in time."
    ),
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: (
        "An algorithm is no longer secure, and nothing proves that the signature existed while it was."
    ),
    AdESIndeterminate.NO_POE: "A proof of existence from the time that matters is missing.",
    AdESIndeterminate.TRY_LATER: (
        "The document holds no revocation information that is fresh enough for the time of signing."
    ),
    AdESIndeterminate.TIMESTAMP_ORDER_FAILURE: "The times that the timestamps state contradict each other.",
}

_INDICATIONS: dict[AdESStatus, Indication] = {
    AdESStatus.PASSED: "TOTAL-PASSED",
    AdESStatus.FAILED: "TOTAL-FAILED",
    AdESStatus.INDETERMINATE: "INDETERMINATE",
}


def indication_of(result: AdESSubIndic) -> Indication:
    return _INDICATIONS[result.status]


def sub_indication_of(result: AdESSubIndic) -> str | None:
    return None if result.status == AdESStatus.PASSED else str(result.standard_name)


def sentence_for(result: AdESSubIndic) -> str | None:
    if result.status == AdESStatus.PASSED:
        return None
    return _SENTENCES.get(result, f"The validation ended with {result.standard_name}.")
