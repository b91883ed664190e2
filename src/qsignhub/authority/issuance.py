"""Nothing is signed that was not checked: prepare with a throw-away key, check, then issue.

A malformed certificate cannot be taken back, so it is never made: what is checked is the certificate itself,
signed by a key that nobody trusts, and what is issued is the same to-be-signed part, octet for octet.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority.errors import Finding, NotPrepared, ProfileViolation
from qsignhub.authority.lint import check
from qsignhub.authority.profiles import PROFILES
from qsignhub.authority.template import Issuer, Template, signed


class Prepared:
    """A certificate that was checked, to be issued once. Only ``prepare`` makes one that ``issue`` takes."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True)
class Issued:
    """``certificate`` is DER, ``profile`` a name of PROFILES."""

    certificate: bytes
    parsed: x509.Certificate
    profile: str

    @property
    def serial(self) -> str:
        """Hexadecimal, lower case."""
        return f"{self.parsed.serial_number:x}"


@dataclass(frozen=True, slots=True)
class _Checked:
    template: Template
    to_be_signed: bytes
    issuer: Issuer | ec.EllipticCurvePrivateKey


_checked: WeakKeyDictionary[Prepared, _Checked] = WeakKeyDictionary()
"""By identity: a copy is another token, and another token is none."""


def prepare(template: Template, issuer: Issuer | ec.EllipticCurvePrivateKey) -> Prepared:
    """A root is signed by itself: it has a key for its issuer. Raises ProfileViolation with all findings."""
    key, certificate = _parts(issuer)
    to_be_signed = template.to_be_signed()
    specimen = signed(to_be_signed, template.algorithm, ec.generate_private_key(key.curve))
    findings = check(specimen, PROFILES[template.profile], certificate)
    if findings:
        raise ProfileViolation.of(template.profile, findings)
    prepared = Prepared()
    _checked[prepared] = _Checked(template, to_be_signed, issuer)
    return prepared


def issue(prepared: Prepared) -> Issued:
    """Signs what was checked, and looks at what came out. Raises NotPrepared, ProfileViolation."""
    checked = _checked.pop(prepared, None)
    if checked is None:
        raise NotPrepared(
            "This certificate was not checked before it was to be signed, or is issued already."
        )
    key, issuer = _parts(checked.issuer)
    certificate = signed(checked.to_be_signed, checked.template.algorithm, key)
    parsed = x509.load_der_x509_certificate(certificate)
    if parsed.tbs_certificate_bytes != checked.to_be_signed:
        raise _violation(checked, "What was signed is not what was checked.")
    try:
        parsed.verify_directly_issued_by(issuer or parsed)
    except (InvalidSignature, ValueError, TypeError):
        raise _violation(checked, "The signature is not one of the issuer's.") from None
    return Issued(certificate, parsed, checked.template.profile)


def _parts(
    issuer: Issuer | ec.EllipticCurvePrivateKey,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate | None]:
    return (issuer.key, issuer.certificate) if isinstance(issuer, Issuer) else (issuer, None)


def _violation(checked: _Checked, said: str) -> ProfileViolation:
    finding = Finding("issued", "RFC 5280 clause 4.1.1.3", said)
    return ProfileViolation.of(checked.template.profile, [finding])
