"""What each operation of the contract takes and gives. A new route needs an entry here, and nothing else.

An entry may stand here before its route does; a route without an entry fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from qsignhub.api.openapi import examples
from qsignhub.api.v1 import schemas

Key = tuple[str, str]
"""Method in lower case, and path as the route writes it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """``gives`` is the model of the answer, or the media types of a file; None: it has no body. ``also`` are
    answers of other statuses. ``errors`` adds statuses to those that follow from the kind of operation.
    ``leads_to`` names operations that go on from this answer: where each of their parameters is found in it,
    as a runtime expression (OpenAPI 3.1 §4.8.20.3). ``body:`` before a name means a property of the body.
    """

    id: str
    gives: type[BaseModel] | tuple[str, ...] | None
    status: int = 200
    also: Mapping[int, type[BaseModel]] = field(default_factory=dict)
    takes: type[BaseModel] | None = None
    takes_form: bool = False
    body_required: bool = True
    sent: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    leads_to: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


_DOCUMENTS = "/v1/documents"
_DOCUMENT = f"{_DOCUMENTS}/{{document_id}}"
_ID = "$response.body#/id"
_A_DOCUMENT = {"document_id": _ID}
_OF_A_DOCUMENT = {"getDocument": _A_DOCUMENT, "deleteDocument": _A_DOCUMENT}
_REQUESTS = "/v1/signature-requests"
_REQUEST = f"{_REQUESTS}/{{request_id}}"
_SIGNER = f"{_REQUEST}/signers/{{signer_id}}"
_CERTIFICATE = "/v1/certificates/{serial}"
_A_REQUEST = {"request_id": _ID}
_ITS_FIRST_SIGNER = {"request_id": _ID, "signer_id": "$response.body#/signers/0/id"}
_OF_A_REQUEST = {
    "getSignatureRequest": _A_REQUEST,
    "downloadSignedDocument": _A_REQUEST,
    "cancelSignatureRequest": _A_REQUEST,
    "addSigner": _A_REQUEST,
    "getSignerVerification": _ITS_FIRST_SIGNER,
    "remindSigner": _ITS_FIRST_SIGNER,
}
_A_SIGNER = {"request_id": "$request.path.request_id", "signer_id": _ID}
_OF_A_SIGNER = {"getSignerVerification": _A_SIGNER, "remindSigner": _A_SIGNER}

OPERATIONS: Mapping[Key, Operation] = MappingProxyType(
    {
        ("post", _DOCUMENTS): Operation(
            "uploadDocument",
            schemas.Document,
            201,
            takes=schemas.Upload,
            takes_form=True,
            given={"uploaded": examples.DOCUMENT},
            leads_to={"createSignatureRequest": {"body:document_id": _ID}, **_OF_A_DOCUMENT},
        ),
        ("get", _DOCUMENTS): Operation("listDocuments", schemas.DocumentList),
        ("get", _DOCUMENT): Operation(
            "getDocument", schemas.Document, given={"uploaded": examples.DOCUMENT}, errors=(410,)
        ),
        ("delete", _DOCUMENT): Operation("deleteDocument", None, 204, errors=(409, 410)),
        ("post", _REQUESTS): Operation(
            "createSignatureRequest",
            schemas.SignatureRequest,
            201,
            takes=schemas.SignatureRequestIn,
            sent={"two signers in order": examples.NEW_SIGNATURE_REQUEST},
            also={200: schemas.SignatureRequestPlan},
            given={"created": examples.PENDING_SIGNATURE_REQUEST},
            errors=(410,),
            leads_to=_OF_A_REQUEST,
        ),
        ("get", _REQUESTS): Operation(
            "listSignatureRequests",
            schemas.SignatureRequestList,
            given={"one page": examples.SIGNATURE_REQUEST_LIST},
        ),
        ("get", _REQUEST): Operation(
            "getSignatureRequest",
            schemas.SignatureRequest,
            given={"completed": examples.COMPLETED_SIGNATURE_REQUEST},
        ),
        ("delete", _REQUEST): Operation(
            "cancelSignatureRequest",
            schemas.SignatureRequest,
            takes=schemas.Cancellation,
            body_required=False,
            sent={"with a reason": examples.CANCELLATION},
        ),
        ("get", f"{_REQUEST}/download"): Operation(
            "downloadSignedDocument",
            ("application/pdf", "application/xml", "application/pkcs7-mime", "application/zip"),
            errors=(409, 410),
        ),
        ("post", f"{_REQUEST}/signers"): Operation(
            "addSigner",
            schemas.Signer,
            201,
            takes=schemas.SignerIn,
            sent={"a signer": examples.NEW_SIGNER},
            given={"added": examples.PENDING_SIGNER},
            leads_to=_OF_A_SIGNER,
        ),
        ("get", f"{_SIGNER}/verification"): Operation(
            "getSignerVerification", schemas.SignerVerification, given={"verified": examples.VERIFICATION}
        ),
        ("post", f"{_SIGNER}/remind"): Operation(
            "remindSigner",
            schemas.ReminderSent,
            takes=schemas.ReminderIn,
            body_required=False,
            sent={"by mail": examples.REMINDER},
            given={"sent": examples.REMINDER_SENT},
        ),
        ("get", _CERTIFICATE): Operation(
            "getCertificate", schemas.Certificate, given={"good": examples.CERTIFICATE}
        ),
        ("post", f"{_CERTIFICATE}/revoke"): Operation(
            "revokeCertificate",
            schemas.Certificate,
            takes=schemas.RevocationIn,
            sent={"a key got out": examples.REVOCATION},
            given={"revoked": examples.REVOKED_CERTIFICATE},
        ),
        ("post", "/v1/validate"): Operation(
            "validateDocument",
            schemas.ValidationReport,
            takes=schemas.FileToValidate,
            takes_form=True,
            given={"valid": examples.VALIDATION},
        ),
        ("get", "/v1/idp/countries"): Operation("listIdentityCountries", schemas.IdentityCountries),
        ("get", "/v1/test-clock"): Operation("getTestClock", schemas.TestClock),
        ("post", "/v1/test-clock/advance"): Operation(
            "advanceTestClock", schemas.TestClock, takes=schemas.ClockAdvance, sent={"a day": examples.A_DAY}
        ),
        ("get", "/v1/sandbox/messages"): Operation("listSandboxMessages", schemas.MessageList),
    }
)
