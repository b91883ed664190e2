"""Every operation of the specification as a call that the right key succeeds with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qsignhub.api.__main__ import specification
from tests.pdfs import one_page_pdf

_FILE = {"file": ("contract.pdf", one_page_pdf())}
_SIGNER = {"name": "Jan Nowak", "email": "jan.nowak@company.example"}

SENT: Mapping[str, Mapping[str, Any]] = {
    "uploadDocument": {"files": _FILE},
    "listDocuments": {},
    "getDocument": {},
    "deleteDocument": {},
    "createSignatureRequest": {"json": {"document_id": "{document_id}", "signers": [_SIGNER]}},
    "listSignatureRequests": {},
    "getSignatureRequest": {},
    "cancelSignatureRequest": {"json": {"reason": "Replaced."}},
    "downloadSignedDocument": {},
    "addSigner": {"json": _SIGNER},
    "getSignerVerification": {},
    "remindSigner": {"json": {"message": "Please."}},
    "getCertificate": {},
    "revokeCertificate": {"json": {"reason": "superseded"}},
    "validateDocument": {"files": _FILE},
    "listIdentityCountries": {},
    "getTestClock": {},
    "advanceTestClock": {"json": {"seconds": 1}},
    "listSandboxMessages": {},
}
"""What is sent with each, by operation id: a new operation needs an entry, or a test says so."""


@dataclass(frozen=True)
class Call:
    operation: str
    method: str
    path: str

    @property
    def names_an_object(self) -> bool:
        return "{" in self.path or self.operation == "createSignatureRequest"

    def about(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """The arguments of ``httpx.Client.request``."""
        sent = dict(SENT[self.operation])
        if self.operation == "createSignatureRequest":
            sent = {"json": sent["json"] | {"document_id": ids["document_id"]}}
        return {"method": self.method, "url": self.path.format(**ids), **sent}


CALLS = [
    Call(operation["operationId"], method.upper(), path)
    for path, item in json.loads(specification())["paths"].items()
    for method, operation in item.items()
]
