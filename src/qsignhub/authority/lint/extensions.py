"""Extensions that every certificate has: which, how they are marked, what they say (RFC 5280 clause 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from qsignhub.authority import qc_statements
from qsignhub.authority.lint.inspected import Inspected
from qsignhub.authority.lint.rules import rule
from qsignhub.authority.profiles import VALIDITY_ASSURED, Kind
from qsignhub.foundation import der

_KEY_IDS: Final = {
    ExtensionOID.SUBJECT_KEY_IDENTIFIER.dotted_string,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER.dotted_string,
}
_POLICIES = ExtensionOID.CERTIFICATE_POLICIES.dotted_string
_ACCESS = ExtensionOID.AUTHORITY_INFORMATION_ACCESS.dotted_string
_POINTS = ExtensionOID.CRL_DISTRIBUTION_POINTS.dotted_string
_USAGE = ExtensionOID.KEY_USAGE.dotted_string
_PURPOSES = ExtensionOID.EXTENDED_KEY_USAGE.dotted_string
_BASIC = ExtensionOID.BASIC_CONSTRAINTS.dotted_string
_NO_CHECK = ExtensionOID.OCSP_NO_CHECK.dotted_string
_LEAF = _KEY_IDS | {_USAGE, _POLICIES, _ACCESS, _POINTS, qc_statements.OID}
_ALLOWED: Final[dict[Kind, set[str]]] = {
    "root": {ExtensionOID.SUBJECT_KEY_IDENTIFIER.dotted_string, _BASIC, _USAGE},
    "ca": _KEY_IDS | {_BASIC, _USAGE, _POLICIES, _ACCESS, _POINTS},
    "ocsp": _KEY_IDS | {_USAGE, _PURPOSES, _NO_CHECK, _ACCESS},
    "tsa": _KEY_IDS | {_USAGE, _PURPOSES, _POLICIES, _ACCESS, _POINTS},
    "signer": _LEAF | {VALIDITY_ASSURED},
    "seal": _LEAF,
}
_ENCODED = {kind: frozenset(map(der.object_identifier, oids)) for kind, oids in _ALLOWED.items()}
_CRITICAL: Final = {
    der.object_identifier(_USAGE): True,  # RFC 5280 clause 4.2.1.3
    der.object_identifier(_BASIC): True,  # 4.2.1.9
    **{
        der.object_identifier(oid): False
        for oid in (*_KEY_IDS, _POLICIES, _ACCESS, _POINTS, _NO_CHECK, VALIDITY_ASSURED)
    },
}
_BITS: Final[dict[Kind, set[str]]] = {
    "root": {"key_cert_sign", "crl_sign"},
    "ca": {"key_cert_sign", "crl_sign"},
    "ocsp": {"digital_signature"},
    "tsa": {"digital_signature"},
    "signer": {"content_commitment"},
    "seal": {"content_commitment"},
}


@rule("EN 319 412-2 clause 4.3; RFC 5280 clause 4.2")
def only_known_extensions(found: Inspected) -> Iterator[str]:
    allowed = _ENCODED[found.profile.kind]
    for each in found.raw_extensions:
        if each.oid not in allowed:
            yield f"An extension has no place here: {der.dotted(each.oid)}."


@rule("RFC 5280 clauses 4.2.1 and 4.2.2; EN 319 412-2 clauses 4.3 and 4.4")
def criticality(found: Inspected) -> Iterator[str]:
    for each in found.raw_extensions:
        wanted = _CRITICAL.get(each.oid)
        if wanted is not None and each.critical != wanted:
            yield f"The extension {der.dotted(each.oid)} is {'not ' if wanted else ''}critical."


@rule("RFC 5280 clause 4.2.1.2")
def subject_key_identifier(found: Inspected) -> Iterator[str]:
    own = found.extension(x509.SubjectKeyIdentifier)
    if own is None:
        yield "There is no subject key identifier."
    elif (
        found.public_key is not None
        and own.digest != x509.SubjectKeyIdentifier.from_public_key(found.public_key).digest
    ):
        yield "The subject key identifier is not the key's."


@rule("RFC 5280 clause 4.2.1.1; EN 319 412-2 clause 4.3.1", "ca", "ocsp", "tsa", "signer", "seal")
def authority_key_identifier(found: Inspected) -> Iterator[str]:
    named = found.extension(x509.AuthorityKeyIdentifier)
    if named is None or named.key_identifier is None:
        yield "There is no authority key identifier."
    elif found.issuer is None:
        yield "It is signed by itself."
    else:
        issuer = found.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        if named.key_identifier != issuer.digest:
            yield "The authority key identifier is not the issuer's."


@rule("RFC 5280 clause 4.1.2.4")
def issuer_name(found: Inspected) -> Iterator[str]:
    issuer = found.issuer or found.certificate
    if found.certificate.issuer.public_bytes() != issuer.subject.public_bytes():
        yield "The issuer's name is not written as in the issuer's certificate."
    if found.issuer is None and found.profile.kind != "root":
        yield "Only a root is signed by itself."


@rule("RFC 5280 clause 4.2.1.3; EN 319 412-2 clause 4.3.2, type A; EN 319 412-3 clause 4.3.1")
def key_usage(found: Inspected) -> Iterator[str]:
    usage = found.extension(x509.KeyUsage)
    wanted = _BITS[found.profile.kind]
    if usage is None:
        yield "There is no key usage."
        return
    stated = {
        *(["digital_signature"] if usage.digital_signature else []),
        *(["content_commitment"] if usage.content_commitment else []),
        *(["key_encipherment"] if usage.key_encipherment else []),
        *(["data_encipherment"] if usage.data_encipherment else []),
        *(["key_agreement"] if usage.key_agreement else []),
        *(["key_cert_sign"] if usage.key_cert_sign else []),
        *(["crl_sign"] if usage.crl_sign else []),
    }
    if stated != wanted:
        yield f"The key usage is {', '.join(sorted(stated)) or 'nothing'}; {', '.join(sorted(wanted))} it is."


@rule("RFC 5280 clause 4.2.1.9")
def basic_constraints(found: Inspected) -> Iterator[str]:
    stated = found.extension(x509.BasicConstraints)
    if found.profile.kind in {"root", "ca"}:
        if stated is None or not stated.ca:
            yield "A CA says that it is one."
        elif stated.path_length != (None if found.profile.kind == "root" else 0):
            yield "A root has no path length constraint, and an issuing CA has zero."
    elif stated is not None and stated.ca:
        yield "Only a CA says that it is one."
