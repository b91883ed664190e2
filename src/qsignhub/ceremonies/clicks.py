"""The evidence of a click: a record that the audit trail carries, and a statement that the seal signs.

The statement names the record by its SHA-256, so that anybody who holds both can check that they belong
together. The signed file goes from hand to hand, so the IP address is in the record alone; and a salt of
128 bits keeps it from being found by trying out all addresses.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime

from qsignhub.ceremonies.errors import ConsentLapsed
from qsignhub.ceremonies.journal import Consent
from qsignhub.evidence.report import visible
from qsignhub.foundation.clock import iso_milliseconds
from qsignhub.signature_requests.model import SignatureRequest, Signer


def record_of(
    request: SignatureRequest,
    signer: Signer,
    document_sha256: str,
    clicked_at: datetime,
    ip_address: str | None,
    user_agent: str | None,
) -> bytes:
    """Canonical JSON (RFC 8785), UTF-8; what is not known is null. ``document_sha256`` of what was shown."""
    record = {
        "signature_request_id": request.id,
        "signer_id": signer.id,
        "name": signer.name,
        "email": signer.email,
        "clicked_at": iso_milliseconds(clicked_at),
        "ip_address": ip_address,
        "user_agent": user_agent,
        "document_sha256": document_sha256,
        "reason": signer.reason,
        "salt": secrets.token_hex(16),
    }
    # of ASCII names, and strings and null for values, this is the canonical form
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def statement_of(consent: Consent) -> str:
    """What is signed with a simple signature: one line that begins with the record's hash.

    Raises ConsentLapsed where there is no record.
    """
    if consent.click is None:  # from before there were such records
        raise ConsentLapsed(
            "The click was not recorded as it has to be; the signer is asked to confirm again."
        )
    said = json.loads(consent.click)
    reason = f"; reason given: {_quoted(said['reason'])}" if said.get("reason") else ""
    return (
        f"Record of the click: SHA-256 {hashlib.sha256(consent.click).hexdigest()}; "
        f"{_quoted(said['name'])} ({said['email']}) clicked to sign on {said['clicked_at']} the document "
        f"with SHA-256 {said['document_sha256']}{reason}"
    )


def _quoted(text: str) -> str:
    """So that nobody's name says more than a name."""
    return json.dumps(visible(text), ensure_ascii=False)
