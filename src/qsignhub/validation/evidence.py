"""Validation data that the document itself holds, and which of it may speak about a given moment.

Sources: the document security store (EN 319 142-1 clause 5.4.2), Adobe's revocation archival attribute
(ISO 32000-2 12.8.3.3.2) and the CMS structures' own certificates and CRLs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import LocalKnowledge
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from qsignhub.validation.document import PARSER_ERRORS

TOLERANCE = timedelta(minutes=1)  # between the clocks of different authorities, and ours
WITHOUT_NEXT_UPDATE = timedelta(hours=24)  # eIDAS Art. 24(4): a revocation is published within 24 hours


@dataclass(frozen=True)
class Evidence:
    """Certificates and revocation information, parsed, unverified. ``defects``: what could not be parsed."""

    certificates: tuple[x509.Certificate, ...] = ()
    ocsps: tuple[OCSPContainer, ...] = ()
    crls: tuple[CRLContainer, ...] = ()
    defects: tuple[str, ...] = ()

    def merged(self, other: Evidence) -> Evidence:
        return Evidence(
            (*self.certificates, *other.certificates),
            (*self.ocsps, *other.ocsps),
            (*self.crls, *other.crls),
            (*self.defects, *other.defects),
        )

    def responder_certificates(self) -> Iterator[x509.Certificate]:
        for container in self.ocsps:
            response = container.extract_basic_ocsp_response()
            if response is not None:
                yield from response["certs"] or ()

    def answers(self, certificate: x509.Certificate) -> Iterator[OCSPContainer]:
        """The OCSP answers that name this certificate's serial number."""
        for container in self.ocsps:
            single = container.extract_single_response()
            if single is not None and single["cert_id"]["serial_number"].native == certificate.serial_number:
                yield container

    def lists(self, certificate: x509.Certificate) -> Iterator[CRLContainer]:
        """The CRLs of this certificate's issuer."""
        for container in self.crls:
            if container.crl_data.issuer == certificate.issuer:
                yield container

    def speaks_of(self, certificate: x509.Certificate) -> bool:
        return any(self.answers(certificate)) or any(self.lists(certificate))

    def silent_about(self, chain: Iterable[x509.Certificate]) -> bool:
        """Is there a certificate in the chain whose status nothing here can tell?"""
        return any(one.ocsp_no_check_value is None and not self.speaks_of(one) for one in chain)

    def as_of(self, moment: datetime, now: datetime) -> Evidence:
        """What is fresh enough for ``moment`` (EN 319 102-1 clause 5.2.5), and every word of a revocation.

        An answer is fresh if its nextUpdate is not before ``moment``; one without nextUpdate, if it was
        issued at most 24 hours before. Where one answer says revoked by then, answers that say good about the
        same certificate do not count: revocation is irreversible (eIDAS Art. 24(4), 28(4)).
        """
        revoked = {_cert_id(container) for container in self.ocsps if is_revoked(container, moment)}
        serials = {certificate.serial_number for certificate in self.certificates}
        return Evidence(
            self.certificates,
            tuple(
                container
                for container in self.ocsps
                if is_revoked(container)
                or (_cert_id(container) not in revoked and _fresh(*_window(container), moment, now))
            ),
            tuple(
                container
                for container in self.crls
                if _fresh(*_list_window(container), moment, now) or _names_any(container.crl_data, serials)
            ),
        )

    def knowledge(self) -> LocalKnowledge:
        return LocalKnowledge(
            known_ocsps=list(self.ocsps),
            known_crls=list(self.crls),
            known_certs=[*self.certificates, *self.responder_certificates()],
        )


def is_revoked(container: OCSPContainer, by: datetime | None = None) -> bool:
    """Does the answer say revoked, at any time or ``by`` a given one?"""
    single = container.extract_single_response()
    if single is None or single["cert_status"].name != "revoked":
        return False
    revoked_at: datetime = single["cert_status"].chosen["revocation_time"].native
    return by is None or revoked_at <= by


class SecurityStores:
    """The document security stores of one document, each revision's read once."""

    def __init__(self, reader: PdfFileReader) -> None:
        self._reader = reader
        self._read: dict[int, Evidence] = {}

    def latest(self) -> Evidence:
        return self.at(self._reader.xrefs.total_revisions - 1)

    def at(self, revision: int) -> Evidence:
        """The DSS as of a revision (counted from 0). What cannot be parsed is told in ``defects``."""
        if revision not in self._read:
            self._read[revision] = _read_store(HistoricalResolver(self._reader, revision=revision))
        return self._read[revision]


def _read_store(handler: HistoricalResolver) -> Evidence:
    defects: list[str] = []
    try:
        store = handler.root["/DSS"]
        certificates = _streams(store, "/Certs", DecodePurpose.CERTIFICATE)
        answers = _streams(store, "/OCSPs", DecodePurpose.OCSP_RESPONSE)
        lists = _streams(store, "/CRLs", DecodePurpose.CRL)
    except KeyError:
        return Evidence()
    except PARSER_ERRORS as error:
        return Evidence(defects=(f"The document security store cannot be read ({error}).",))
    ocsps: list[OCSPContainer] = []
    crls: list[CRLContainer] = []
    parsed: list[x509.Certificate] = []
    for name, items in (("certificate", certificates), ("OCSP answer", answers), ("CRL", lists)):
        for data in items:
            try:
                if name == "certificate":
                    parsed.append(_certified(x509.Certificate.load(data, strict=True)))
                elif name == "CRL":
                    crls.append(CRLContainer(crl_data=_listed(crl.CertificateList.load(data, strict=True))))
                else:
                    ocsps.extend(_answered(ocsp.OCSPResponse.load(data, strict=True)))
            except PARSER_ERRORS:
                defects.append(f"The document security store holds a damaged {name}.")
    return Evidence(tuple(parsed), tuple(ocsps), tuple(crls), tuple(defects))


def carried_evidence(signature: EmbeddedPdfSignature) -> Evidence:
    """What the signature's own CMS structure carries beside its signing certificate."""
    signed_data = signature.signed_data
    ocsps: list[OCSPContainer] = []
    crls = [CRLContainer(crl_data=one.chosen) for one in signed_data["crls"] or () if one.name == "crl"]
    for attribute in signature.signer_info["signed_attrs"] or ():
        if attribute["type"].native == "adobe_revocation_info_archival":
            for archive in attribute["values"]:
                crls.extend(CRLContainer(crl_data=one) for one in archive["crl"] or ())
                for response in archive["ocsp"] or ():
                    ocsps.extend(OCSPContainer.load_multi(response))
    return Evidence((signature.signer_cert, *signature.other_embedded_certs), tuple(ocsps), tuple(crls))


def _streams(store: Any, key: str, purpose: DecodePurpose) -> list[bytes]:
    try:
        array = store[key]
    except KeyError:
        return []
    return [item.get_object().read_data(purpose) for item in array]


# asn1crypto parses lazily: these read what will be needed, so that damage shows here and not in a verdict.
# Not everything: a wrongly encoded qualified statement is no reason to drop a certificate.


def _certified(value: x509.Certificate) -> x509.Certificate:
    _ = value.subject.native, value.issuer.native, value.not_valid_before, value.not_valid_after
    _ = value.public_key.native, value.ocsp_no_check_value
    return value


def _answered(value: ocsp.OCSPResponse) -> list[OCSPContainer]:
    containers: list[OCSPContainer] = OCSPContainer.load_multi(value)
    for container in containers:
        _ = _cert_id(container), _window(container), is_revoked(container)
    return containers


def _listed(value: crl.CertificateList) -> crl.CertificateList:
    tbs = value["tbs_cert_list"]
    _ = tbs["issuer"].native, tbs["this_update"].native, tbs["next_update"].native, value["signature"].native
    return value


def _cert_id(container: OCSPContainer) -> tuple[bytes, int] | None:
    single = container.extract_single_response()
    if single is None:
        return None
    identifier = single["cert_id"]
    return identifier["issuer_key_hash"].native, identifier["serial_number"].native


def _window(container: OCSPContainer) -> tuple[datetime | None, datetime | None]:
    single = container.extract_single_response()
    return (None, None) if single is None else (single["this_update"].native, single["next_update"].native)


def _list_window(container: CRLContainer) -> tuple[datetime | None, datetime | None]:
    tbs = container.crl_data["tbs_cert_list"]
    return tbs["this_update"].native, tbs["next_update"].native


def _fresh(
    this_update: datetime | None, next_update: datetime | None, moment: datetime, now: datetime
) -> bool:
    if this_update is None or this_update > now + TOLERANCE:
        return False
    until = next_update if next_update is not None else this_update + WITHOUT_NEXT_UPDATE
    return moment <= until + TOLERANCE


def _names_any(certificate_list: crl.CertificateList, serials: set[int]) -> bool:
    entries = certificate_list["tbs_cert_list"]["revoked_certificates"] or ()
    return any(entry["user_certificate"].native in serials for entry in entries)
