"""Whether a certificate is an organisation's, for seals, or a person's (eIDAS Art. 3(14), 3(29))."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from qsignhub.trustlists.statements import ESEAL, ESIGN, statements

_OF_PERSONS = (NameOID.GIVEN_NAME, NameOID.SURNAME, NameOID.PSEUDONYM)


def names_legal_person(certificate: bytes) -> bool:
    """By its QcType (EN 319 412-5 clause 4.2.3), else by its subject (EN 319 412-2 clause 4.2.4, EN 319 412-3
    clause 4.2.1: an organisation has an identifier, and no given name). What says nothing, or cannot be read,
    is not one.
    """
    try:
        loaded = x509.load_der_x509_certificate(certificate)
        types = statements(loaded, frozenset(), before_eidas=False).types & {ESEAL, ESIGN}
        if len(types) == 1:
            return ESEAL in types
        attributes = {attribute.oid for attribute in loaded.subject}
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    return NameOID.ORGANIZATION_IDENTIFIER in attributes and not attributes & set(_OF_PERSONS)
