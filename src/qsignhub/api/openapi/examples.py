"""The bodies that the contract prints (sections 04 to 10), and a few in their manner where it prints none."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

NEW_SIGNER: Example = {
    "name": "Anna Kowalska",
    "email": "anna.kowalska@company.com",
    "phone": "+48500123456",
    "identity_verification": {"method": "video_id", "country": "PL"},
    "locale": "en-GB",
    "order": 1,
}

NEW_SIGNATURE_REQUEST: Example = {
    "document_id": "doc_9Xk3mN7pQr2vT8wL",
    "signature_type": "qes",
    "signing_order": "sequential",
    "expires_at": "2025-03-01T23:59:59Z",
    "redirect_url": "https://yourapp.com/contract/success",
    "signers": [NEW_SIGNER, {"name": "John Smith", "email": "john.smith@company.com", "order": 2}],
    "fields": [
        {
            "signer_index": 0,
            "page": 3,
            "x": 72,
            "y": 640,
            "width": 200,
            "height": 80,
            "type": "signature",
        }
    ],
    "metadata": {"contract_id": "CNT-2025-0042", "department": "legal"},
}

PENDING_SIGNER: Example = {
    "id": "sgn_A1b2C3d4E5f6",
    "name": "Anna Kowalska",
    "email": "anna.kowalska@company.com",
    "status": "pending_verification",
    "signing_url": "https://sign.qsignhub.io/s/A1b2C3d4E5f6",
}

PENDING_SIGNATURE_REQUEST: Example = {
    "id": "sreq_7Yx4kP9nQ3mB2wR1",
    "status": "pending",
    "signature_type": "qes",
    "document_id": "doc_9Xk3mN7pQr2vT8wL",
    "signing_url": "https://sign.qsignhub.io/r/7Yx4kP9nQ3mB2wR1",
    "embed_token": "eyJhbGciOiJSUzI1NiJ9...",
    "signers": [PENDING_SIGNER],
    "expires_at": "2025-03-01T23:59:59Z",
    "created_at": "2025-01-15T10:34:22Z",
}

COMPLETED_SIGNATURE_REQUEST: Example = {
    "id": "sreq_7Yx4kP9nQ3mB2wR1",
    "status": "completed",
    "signature_type": "qes",
    "signed_document_url": "https://cdn.qsignhub.io/docs/sreq_7Yx4.../signed.pdf",
    "audit_trail_url": "https://cdn.qsignhub.io/audit/sreq_7Yx4....pdf",
    "signers": [
        {
            "id": "sgn_A1b2C3d4E5f6",
            "name": "Anna Kowalska",
            "status": "signed",
            "signed_at": "2025-01-15T11:02:44Z",
            "certificate": {
                "issuer": "Krajowa Izba Rozliczeniowa S.A.",
                "serial": "3A:F2:9C:11:00:BB:EE:44",
                "valid_from": "2024-06-01",
                "valid_to": "2026-06-01",
                "qualified": True,
                "tsp": "CERTUM Certification Centre",
            },
            "timestamp": {
                "value": "2025-01-15T11:02:45.321Z",
                "authority": "CERTUM TSA",
                "hash": "sha256:e3b0c44298fc1c149afb...",
            },
        }
    ],
    "completed_at": "2025-01-15T11:02:46Z",
}

SIGNATURE_REQUEST_LIST: Example = {"data": [COMPLETED_SIGNATURE_REQUEST], "next_cursor": None}

CANCELLATION: Example = {"reason": "Contract terms updated — a revised version will be sent shortly."}

DOCUMENT: Example = {
    "id": "doc_9Xk3mN7pQr2vT8wL",
    "name": "Q1 2025 Service Agreement",
    "mime_type": "application/pdf",
    "size_bytes": 248320,
    "pages": 4,
    "sha256": "a4b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5...",
    "preview_url": "https://cdn.qsignhub.io/preview/doc_9Xk3.../page-1.png",
    "created_at": "2025-01-15T10:30:00Z",
    "expires_at": "2025-04-15T10:30:00Z",
}

VERIFICATION: Example = {
    "signer_id": "sgn_A1b2C3d4E5f6",
    "verification_status": "verified",
    "method_used": "video_id",
    "verified_at": "2025-01-15T10:58:12Z",
    "identity": {
        "full_name": "ANNA MARIA KOWALSKA",
        "document_type": "national_id",
        "document_country": "PL",
        "date_of_birth": "1985-04-22",
        "document_expiry": "2030-11-15",
        "match_score": 0.97,
    },
    "liveness_check": True,
}

REMINDER: Example = {
    "channel": "email",
    "message": "Please sign the document before the end of this week.",
}

REMINDER_SENT: Example = {
    "signer_id": "sgn_A1b2C3d4E5f6",
    "channel": "email",
    "sent_at": "2025-01-16T09:00:00Z",
    "reminders_left": 2,
}

CERTIFICATE: Example = {
    "serial": "5A:63:39:20:6F:26:74:0E:8B:8E:7E:DD:80:B8:12:C7:AC:C0:0F:91",
    "status": "good",
    "issued_at": "2025-01-15T14:22:08Z",
    "valid_from": "2025-01-15T14:21:08Z",
    "valid_to": "2025-01-15T14:36:08Z",
}

REVOCATION: Example = {"reason": "key_compromise"}

REVOKED_CERTIFICATE: Example = {
    **CERTIFICATE,
    "status": "revoked",
    "revoked_at": "2025-01-15T15:00:00Z",
    "reason": "key_compromise",
}

VALIDATION: Example = {
    "valid": True,
    "signatures": [
        {
            "signer_name": "Anna Maria Kowalska",
            "signed_at": "2025-01-15T11:02:45.321Z",
            "signature_level": "QES",
            "certificate_valid": True,
            "certificate_issuer": "Krajowa Izba Rozliczeniowa S.A.",
            "trusted_list": "EU_TRUSTED",
            "document_integrity": True,
            "timestamp_valid": True,
            "ocsp_status": "good",
        }
    ],
}

A_DAY: Example = {"seconds": 86400}
