"""Trust anchors: whom this validation believes without further proof (RFC 5280 clause 6.1.1 d)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from asn1crypto import pem, x509

from qsignhub.validation.errors import UnreadableAnchor

Origin = Literal["sandbox", "operator"]
SANDBOX_ORGANISATION = "QSignHub Sandbox"


@dataclass(frozen=True)
class TrustAnchor:
    """A certificate (DER) and who vouches for it: the built-in sandbox, or whoever runs the service."""

    certificate: bytes
    origin: Origin


def anchors_from_file(data: bytes) -> tuple[TrustAnchor, ...]:
    """The certificates of a PEM file (one or more) or of a DER file, as an operator gives them.

    One that says of itself that it is of the sandbox is taken at its word: what it vouches for must not pass
    for more than a test.

    :raises UnreadableAnchor: there is no certificate in it
    """
    try:
        blocks = [der for _, _, der in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]
    except ValueError as error:
        raise UnreadableAnchor("The trust file is not PEM that can be read.") from error
    return tuple(
        TrustAnchor(certificate=block, origin="sandbox" if _is_sandbox(_parse(block)) else "operator")
        for block in blocks
    )


class AnchorSet:
    """The anchors of one validation, parsed."""

    def __init__(self, anchors: Sequence[TrustAnchor]) -> None:
        self._origins: dict[bytes, Origin] = {}
        certificates = []
        for anchor in anchors:
            certificate = _parse(anchor.certificate)
            certificates.append(certificate)
            self._origins[certificate.dump()] = anchor.origin
        self.certificates: tuple[x509.Certificate, ...] = tuple(certificates)

    def origin_of(self, certificate: x509.Certificate) -> Origin | None:
        return self._origins.get(certificate.dump())


def _parse(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.Certificate.load(der, strict=True)
        _ = certificate.subject.native, certificate.not_valid_after, certificate.public_key.native
    except (ValueError, TypeError) as error:
        raise UnreadableAnchor("A trust anchor is not an X.509 certificate.") from error
    return certificate


def _is_sandbox(certificate: x509.Certificate) -> bool:
    return bool(certificate.subject.native.get("organization_name") == SANDBOX_ORGANISATION)
