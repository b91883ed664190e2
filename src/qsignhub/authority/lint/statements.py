"""What a certificate claims (EN 319 412-5), and whether it may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from cryptography.x509.oid import NameOID

from qsignhub.authority import qc_statements
from qsignhub.authority.lint.inspected import Inspected
from qsignhub.authority.lint.rules import rule
from qsignhub.authority.qc_statements import QcStatements

_PERSON = re.compile(r"(PAS|IDC|PNO|TIN|[A-Z]{2}:)[A-Z]{2}-.+")
_ORGANIZATION = re.compile(r"(VAT|NTR|PSD|LEI|[A-Z]{2}:)[A-Z]{2}-.+")


@rule("EN 319 412-5 clauses 4.2 and 5; EN 319 412-1 clause 5.1", "signer", "seal")
def statements(found: Inspected) -> Iterator[str]:
    raw = found.raw(qc_statements.OID)
    try:
        stated = QcStatements() if raw is None else qc_statements.read(raw.value)
    except ValueError as wrong:
        yield f"The QCStatements cannot be read: {wrong}."
        return
    yield from _qualified(stated) if found.profile.qualified else _not_qualified(stated)
    if stated.legislation:
        yield "A certificate under the law of the Union names no other legislation."
    yield from _semantics(found, stated)


def _qualified(stated: QcStatements) -> Iterator[str]:
    if not stated.compliance:
        yield "QcCompliance is missing."
    if not stated.sscd:
        yield "QcSSCD is missing."
    if stated.types != (qc_statements.ESIGN,):
        yield "QcType is not esign alone."
    if not stated.pds:
        yield "QcPDS is missing."
    for url, language in stated.pds:
        if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
            yield "QcPDS is not an https URL."
        if not re.fullmatch("[a-z]{2}", language):
            yield "QcPDS names its language by two small letters (ISO 639-1)."
    if stated.pds and not any(language == "en" for _, language in stated.pds):
        yield "QcPDS is not there in English."


def _not_qualified(stated: QcStatements) -> Iterator[str]:
    if stated.compliance or stated.sscd or stated.types or stated.pds:
        yield "It claims to be qualified, and its profile is not."


def _semantics(found: Inspected, stated: QcStatements) -> Iterator[str]:
    """Stated semantics and an identifier with a scheme go together."""
    natural = found.profile.kind == "signer"
    kind = NameOID.SERIAL_NUMBER if natural else NameOID.ORGANIZATION_IDENTIFIER
    wanted = qc_statements.NATURAL_PERSON if natural else qc_statements.LEGAL_PERSON
    scheme = _PERSON if natural else _ORGANIZATION
    values = [str(each.value) for each in found.certificate.subject.get_attributes_for_oid(kind)]
    fits = bool(values) and all(scheme.fullmatch(value) for value in values)
    if stated.semantics not in (None, wanted):
        yield "The semantics identifier is not the one for this kind of person."
    if (stated.semantics is not None) != fits:
        yield "The subject's identifier and the statement about its semantics do not go together."
