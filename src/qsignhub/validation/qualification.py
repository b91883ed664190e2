"""Which level of eIDAS a signature reached. Computed from trust, never from a setting.

"QES" takes a qualified certificate and a key in a QSCD at best-signature-time, according to the trusted lists
(TS 119 615 clause 4.4 to 4.6). As long as no trusted lists are consulted, nothing can be qualified; their
determination joins here and changes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import x509

from qsignhub.trustlists.legal_persons import names_legal_person
from qsignhub.validation.anchors import AnchorSet, Origin
from qsignhub.validation.report import SignatureLevel, TrustedList

_LISTS: dict[Origin, TrustedList] = {"sandbox": "SANDBOX", "operator": "OPERATOR_TRUSTED"}


@dataclass(frozen=True)
class Qualification:
    level: SignatureLevel
    trusted_list: TrustedList


def determine(
    certificate: x509.Certificate, anchor: x509.Certificate | None, anchors: AnchorSet, *, failed: bool
) -> Qualification:
    """An organisation's seal is no person's signature, however good its certificate: a simple one of
    whoever it says to have clicked (eIDAS Art. 3(10), 3(11), 3(25)).

    :param anchor: where the signer's chain ends, ``None`` where no chain was found
    :param failed: the signature is TOTAL-FAILED, so that it reached no more than the lowest level
    """
    origin = anchors.origin_of(anchor) if anchor is not None else None
    if origin is None:
        return Qualification("SES", "NOT_TRUSTED")
    simple = failed or names_legal_person(certificate.dump())
    return Qualification("SES" if simple else "AES", _LISTS[origin])
