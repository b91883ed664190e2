"""The test world's identity documents: four numbers, each with the outcome that the API documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from qsignhub.identity.errors import UnknownTestDocument

SUCCESS_DOCUMENT = "AZE123456"
FAILING_DOCUMENT = "FAIL000001"


@dataclass(frozen=True, slots=True)
class TestDocument:
    """``country`` is None for one of any country; ``failure`` says why the check fails, if it does."""

    __test__ = False  # the name is the domain's: nothing for pytest to collect

    document_type: Literal["passport", "national_id"]
    country: str | None
    expiry: date
    match_score: float
    failure: str | None = None
    certificate_revoked: bool = False


TEST_DOCUMENTS: Mapping[str, TestDocument] = MappingProxyType(
    {
        SUCCESS_DOCUMENT: TestDocument("national_id", "PL", date(2035, 11, 15), 0.98),
        FAILING_DOCUMENT: TestDocument(
            "passport", None, date(2020, 11, 15), 0.97, "The identity document has expired."
        ),
        "REVOKED001": TestDocument("national_id", "DE", date(2035, 11, 15), 0.97, certificate_revoked=True),
        "LOWSCORE01": TestDocument(
            "national_id",
            "PL",
            date(2035, 11, 15),
            0.61,
            "The face does not match the document (score 0.61).",
        ),
    }
)


def find_test_document(number: str, field: str = "document_number") -> TestDocument:
    """Raises UnknownTestDocument, naming the field that the number stood in."""
    found = TEST_DOCUMENTS.get(number.strip().upper())
    if found is None:
        raise UnknownTestDocument(
            "The sandbox knows no such document. Use one of " + ", ".join(TEST_DOCUMENTS) + ".", field=field
        )
    return found
