"""A certificate taken apart, from its DER alone: nothing is asked of whoever put it together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from qsignhub.authority.profiles import Profile
from qsignhub.foundation import der

E = TypeVar("E", bound=x509.ExtensionType)

_TRUE = b"\x01\x01\xff"


class Unreadable(ValueError):
    """Not a certificate (RFC 5280 clause 4.1) in DER."""


@dataclass(frozen=True, slots=True)
class RawExtension:
    oid: bytes
    critical: bool
    value: bytes


@dataclass(frozen=True)
class Inspected:
    """``issuer`` None: signed by itself. The raw fields are DER as they stand in the certificate."""

    profile: Profile
    issuer: x509.Certificate | None
    certificate: x509.Certificate
    version: bytes
    serial: bytes
    algorithm: bytes
    outer_algorithm: bytes
    times: Sequence[der.Element]
    subject: bytes
    raw_extensions: Sequence[RawExtension]

    def extension(self, kind: type[E]) -> E | None:
        found = self._by_oid.get(kind.oid)
        return found.value if found is not None and isinstance(found.value, kind) else None

    def critical(self, oid: x509.ObjectIdentifier | str) -> bool | None:
        """None where there is no such extension."""
        raw = self.raw(oid)
        return None if raw is None else raw.critical

    def raw(self, oid: x509.ObjectIdentifier | str) -> RawExtension | None:
        wanted = der.object_identifier(oid if isinstance(oid, str) else oid.dotted_string)
        return next((each for each in self.raw_extensions if each.oid == wanted), None)

    @cached_property
    def public_key(self) -> CertificatePublicKeyTypes | None:
        """None: of a kind, or on a curve, that nobody here knows."""
        try:
            return self.certificate.public_key()
        except (ValueError, UnsupportedAlgorithm):
            return None

    @cached_property
    def _by_oid(self) -> dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]:
        return {extension.oid: extension for extension in self.certificate.extensions}


def inspect(certificate: bytes, profile: Profile, issuer: x509.Certificate | None) -> Inspected:
    """Raises Unreadable."""
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        to_be_signed, algorithm, _ = der.elements(der.read(certificate).content)
        fields = der.elements(to_be_signed.content)
        [version, serial, signature, _, validity, subject, _, *rest] = fields
        found = Inspected(
            profile=profile,
            issuer=issuer,
            certificate=parsed,
            version=version.content,
            serial=serial.content,
            algorithm=signature.raw,
            outer_algorithm=algorithm.raw,
            times=der.elements(validity.content),
            subject=subject.raw,
            raw_extensions=_extensions(rest),
        )
        if len({each.oid for each in found.raw_extensions}) == len(found.raw_extensions):
            parsed.extensions  # noqa: B018 (reads them all)
    except (ValueError, TypeError, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as wrong:
        raise Unreadable(f"not a certificate in DER: {wrong}") from wrong
    return found


def _extensions(fields: Sequence[der.Element]) -> list[RawExtension]:
    """Where anything but extensions comes after the key (unique identifiers), that is not our v3."""
    if not fields:
        return []
    [explicit] = fields
    if explicit.tag != 0xA3:
        raise ValueError("what comes after the key is not the extensions")
    return [_extension(each.content) for each in der.elements(der.read(explicit.content).content)]


def _extension(content: bytes) -> RawExtension:
    oid, *middle, value = der.elements(content)
    critical = bool(middle) and middle[0].raw == _TRUE
    if oid.tag != der.OBJECT_IDENTIFIER or len(middle) > 1 or (middle and not critical):
        raise ValueError("an extension is its identifier, perhaps critical, and its value")
    return RawExtension(oid.raw, critical, value.content)
