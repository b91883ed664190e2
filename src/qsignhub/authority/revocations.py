"""Revoking a certificate: for good (eIDAS Art. 28(4)), with a reason that is for good."""

from __future__ import annotations

from typing import Final

from qsignhub.authority.crls import ROOT, Crls
from qsignhub.authority.errors import CertificateNotFound
from qsignhub.authority.repository import IssuedCertificate, Register
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.revocation.model import Reason

REASONS: Final = tuple(
    reason.name.lower()
    for reason in Reason
    if reason not in {Reason.CERTIFICATE_HOLD, Reason.REMOVE_FROM_CRL}
)
"""CRLReason (RFC 5280 clause 5.3.1) in lower case, but for those that can be taken back."""


async def revoke_certificate(
    tx: Transaction, register: Register, crls: Crls, clock: Clock, serial: int, reason: str
) -> IssuedCertificate:
    """The certificate as it is then; what was revoked before stays as it was.

    Raises CertificateNotFound; ValueError for what is none of REASONS; AuthorityRootOffline for a CA's
    certificate while the root's key is away.
    """
    if reason not in REASONS:
        raise ValueError(f"{reason} is not a reason to revoke a certificate for good")
    number = f"{serial:x}"
    first = await register.revoke(tx, number, reason, clock.now())
    found = await register.find(tx, number)
    if found is None:
        raise CertificateNotFound("This authority issued no certificate with this serial number.")
    if first and found.issuer == ROOT:
        await crls.of_root(tx, anew=True)
    return found
