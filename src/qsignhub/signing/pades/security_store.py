"""The document security store (EN 319 142-1 clause 5.4): validation data kept in the PDF itself."""

from __future__ import annotations

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore

from qsignhub.signing.validation_data import ValidationData


def add_to_security_store(writer: IncrementalPdfFileWriter, data: ValidationData) -> None:
    """Adds what is not there yet; what earlier signatures left stays.

    No VRI entries: they are optional (clause 5.4.3), and validators go by the store's arrays.
    """
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[x509.Certificate.load(der) for der in data.certificates],
        ocsps=[ocsp.OCSPResponse.load(der) for der in data.ocsp_responses],
        crls=[crl.CertificateList.load(der) for der in data.crls],
    )
