"""The bodies that the API takes and gives, as the contract writes them, a file for each resource.

What is taken refuses unknown fields (``Taken``); what is given may grow (``Given``): a client must not
break when a field is added. Answers are made by the routes' views; their models here are the specification,
and tests hold real answers against them.
"""

from qsignhub.api.v1.schemas.certificates import Certificate, RevocationIn
from qsignhub.api.v1.schemas.documents import Document, DocumentList, Upload, UploadFields
from qsignhub.api.v1.schemas.errors import ErrorAnswer
from qsignhub.api.v1.schemas.identity_providers import IdentityCountries
from qsignhub.api.v1.schemas.sandbox import ClockAdvance, MessageList, TestClock
from qsignhub.api.v1.schemas.signature_requests import (
    Cancellation,
    SignatureRequest,
    SignatureRequestIn,
    SignatureRequestList,
    SignatureRequestPlan,
)
from qsignhub.api.v1.schemas.signers import (
    FieldIn,
    IdentityVerificationIn,
    ReminderIn,
    ReminderSent,
    Signer,
    SignerIn,
    SignerVerification,
)
from qsignhub.api.v1.schemas.validation import FileToValidate, ValidationFields, ValidationReport

__all__ = [
    "Cancellation",
    "Certificate",
    "ClockAdvance",
    "Document",
    "DocumentList",
    "ErrorAnswer",
    "FieldIn",
    "FileToValidate",
    "IdentityCountries",
    "IdentityVerificationIn",
    "MessageList",
    "ReminderIn",
    "ReminderSent",
    "RevocationIn",
    "SignatureRequest",
    "SignatureRequestIn",
    "SignatureRequestList",
    "SignatureRequestPlan",
    "Signer",
    "SignerIn",
    "SignerVerification",
    "TestClock",
    "Upload",
    "UploadFields",
    "ValidationFields",
    "ValidationReport",
]
