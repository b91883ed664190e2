"""What a certificate says of itself: its QCStatements (ETSI EN 319 412-5) and old policies."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import core
from cryptography import x509

_QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_COMPLIANCE = "0.4.0.1862.1.1"
_DEVICE = "0.4.0.1862.1.4"
_TYPE = "0.4.0.1862.1.6"
ESIGN, ESEAL, WEB = "0.4.0.1862.1.6.1", "0.4.0.1862.1.6.2", "0.4.0.1862.1.6.3"
# TS 101 456: the public policies of qualified certificates under Directive 1999/93/EC
_POLICY_WITH_DEVICE, _POLICY = "0.4.0.1456.1.1", "0.4.0.1456.1.2"


class _Statement(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]  # noqa: RUF012


class _Statements(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Statement


class _Types(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.ObjectIdentifier


@dataclass(frozen=True, slots=True)
class Statements:
    """``types`` are the QcType identifiers, dotted. Raises nothing: unreadable statements state nothing."""

    compliance: bool
    device: bool
    types: frozenset[str]


def statements(certificate: x509.Certificate, policies: frozenset[str], *, before_eidas: bool) -> Statements:
    """``before_eidas``: issued before 1 July 2016, so that the policies of TS 101 456 count too."""
    found = _statements(certificate)
    types = frozenset[str]()
    if _TYPE in found:
        types = _types(found[_TYPE])
    return Statements(
        compliance=_COMPLIANCE in found or (before_eidas and bool(policies & {_POLICY, _POLICY_WITH_DEVICE})),
        device=_DEVICE in found or (before_eidas and _POLICY_WITH_DEVICE in policies),
        types=types,
    )


def _statements(certificate: x509.Certificate) -> dict[str, bytes]:
    try:
        extension = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        return {}
    if not isinstance(extension, x509.UnrecognizedExtension):
        return {}
    try:
        return {
            one["id"].dotted: one["info"].dump() for one in _Statements.load(extension.value, strict=True)
        }
    except (ValueError, TypeError):
        return {}


def _types(info: bytes) -> frozenset[str]:
    try:
        return frozenset(one.dotted for one in _Types.load(info, strict=True))
    except (ValueError, TypeError):
        return frozenset()
