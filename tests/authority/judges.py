"""pkilint as a library: each judge made once for a process, its findings as text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from pkilint import etsi, finding_filter, loader, pkix  # type: ignore[import-untyped]
from pkilint.etsi.etsi_constants import CertificateType  # type: ignore[import-untyped]
from pkilint.pkix import certificate, crl, extension, name, ocsp  # type: ignore[import-untyped]
from pkilint.validation import ValidationFindingSeverity  # type: ignore[import-untyped]

QES = "QCP-N-QSCD-EIDAS-FINAL-CERTIFICATE"
NATURAL = "NCP-NATURAL-PERSON-CERTIFICATE"
LEGAL = "NCP-LEGAL-PERSON-CERTIFICATE"
PKIX = "PKIX"
"""RFC 5280 alone: no ETSI type of pkilint's is for CAs, OCSP responders and time-stamping units."""

_COUNTED = {
    ValidationFindingSeverity.FATAL,
    ValidationFindingSeverity.ERROR,
    ValidationFindingSeverity.WARNING,
}


def judge_certificate(kind: str, der: bytes) -> list[str]:
    """All findings but notices: ``lint_etsi_cert --type KIND``, or ``lint_pkix_cert``."""
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(der)
    results = _certificate_validator(kind).validate(document.root)
    if kind != PKIX:
        filters = etsi.create_etsi_finding_filters(CertificateType.from_option_str(kind))
        results, _ = finding_filter.filter_results(filters, results)
    return _told(results)


def judge_ocsp_response(der: bytes) -> list[str]:
    document = loader.RFC6960OCSPResponseDocumentLoader().load_der_document(der)
    return _told(_ocsp_validator().validate(document.root))


def judge_crl(der: bytes) -> list[str]:
    document = loader.RFC5280CertificateListDocumentLoader().load_der_document(der)
    return _told(_crl_validator().validate(document.root))


@cache
def _certificate_validator(kind: str) -> Any:
    if kind == PKIX:
        return certificate.create_pkix_certificate_validator_container(
            certificate.create_decoding_validators(
                name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
            ),
            [
                certificate.create_issuer_validator_container([]),
                certificate.create_validity_validator_container(),
                certificate.create_subject_validator_container([]),
                certificate.create_extensions_validator_container([]),
                certificate.create_spki_validator_container([]),
            ],
        )
    chosen = CertificateType.from_option_str(kind)
    return certificate.create_pkix_certificate_validator_container(
        etsi.create_decoding_validators(chosen), etsi.create_validators(chosen)
    )


@cache
def _ocsp_validator() -> Any:
    return ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )


@cache
def _crl_validator() -> Any:
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


def _told(results: Iterable[Any]) -> list[str]:
    return [
        f"{found.finding.severity.name} {found.finding.code} at {result.node.path}: {found.message or ''}"
        for result in results
        for found in result.finding_descriptions
        if found.finding.severity in _COUNTED
    ]
