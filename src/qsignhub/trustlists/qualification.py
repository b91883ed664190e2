"""Is a certificate qualified, for what, and is its key in a QSCD? (ETSI TS 119 615 clauses 4.4 and 4.5)

The lists decide, the certificate's own statements count as far as the lists let them. What cannot be decided,
because lists contradict each other or a criterion is not known here, is not qualified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from qsignhub.trustlists import uris
from qsignhub.trustlists.criteria import qualifiers_of, traits
from qsignhub.trustlists.model import Service, ServiceState, TrustedList
from qsignhub.trustlists.statements import ESEAL, ESIGN, WEB, Statements, statements

EIDAS = datetime(2016, 7, 1, tzinfo=UTC)
"""From then on Regulation (EU) No 910/2014 applies; before, Directive 1999/93/EC did."""

_PURPOSE_OF_QUALIFIER = {uris.QC_FOR_ESIG: ESIGN, uris.QC_FOR_ESEAL: ESEAL, uris.QC_FOR_WSA: WEB}
_INFORMATION_OF_PURPOSE = {
    ESIGN: uris.FOR_ESIGNATURES,
    ESEAL: uris.FOR_ESEALS,
    WEB: uris.FOR_WEBSITES,
}


@dataclass(frozen=True, slots=True)
class Determination:
    """``reason`` says in a sentence why it is qualified, or why not.

    ``for_esig`` and ``for_eseal`` say what for; neither is set for a website certificate, and nothing is
    where ``qualified`` is not.
    """

    qualified: bool
    reason: str
    for_esig: bool = False
    for_eseal: bool = False
    qscd: bool = False


class _NotQualified(Exception):
    """Its text is the reason."""


@dataclass(frozen=True, slots=True)
class _Answer:
    purpose: str
    qscd: bool
    service: str


class TrustedLists:
    """Trusted lists that were read and verified, to be asked about certificates."""

    def __init__(self, lists: Sequence[TrustedList]) -> None:
        self.lists = tuple(lists)
        self._by_certificate: dict[bytes, list[Service]] = {}
        self._by_name_and_key: dict[tuple[bytes, bytes], list[Service]] = {}
        for service in (service for one in lists for service in one.services):
            for certificate in service.certificates:
                self._by_certificate.setdefault(certificate, []).append(service)
                identity = _name_and_key(certificate)
                if identity is not None:
                    self._by_name_and_key.setdefault(identity, []).append(service)

    def qualified(self, certificate: bytes, chain: Sequence[bytes], at: datetime) -> Determination:
        """The status of a certificate (DER) at a time, with its ``chain`` of CA certificates (DER).

        The chain's signatures are the caller's to check. The certificate has to have been qualified when it
        was issued, and at that time. A certificate that cannot be read is not qualified.
        """
        try:
            loaded = x509.load_der_x509_certificate(certificate)
            issued = loaded.not_valid_before_utc
            services = self._services(chain)
            if not services:
                raise _NotQualified("No certificate of the chain is a service of a trusted list")
            self._answer(loaded, services, issued, issued)
            answer = self._answer(loaded, services, at, issued)
        except _NotQualified as no:
            return Determination(qualified=False, reason=str(no))
        except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            return Determination(qualified=False, reason="The certificate cannot be read")
        return Determination(
            qualified=True,
            reason=f"{answer.service} was granted for it, with{'' if answer.qscd else 'out'} a QSCD",
            for_esig=answer.purpose == ESIGN,
            for_eseal=answer.purpose == ESEAL,
            qscd=answer.qscd,
        )

    def _services(self, chain: Sequence[bytes]) -> list[Service]:
        """Those of the CA nearest to the signer that is a CA/QC service; else what is listed of the chain."""
        others: list[Service] = []
        for certificate in chain:
            identity = _name_and_key(certificate)
            found = list(self._by_certificate.get(certificate, ()))
            found += self._by_name_and_key.get(identity, ()) if identity is not None else ()
            found = list({id(service): service for service in found}.values())
            issuing = [service for service in found if _issues_qualified(service)]
            if issuing:
                return issuing
            others += found
        return others

    def _answer(
        self, certificate: x509.Certificate, services: list[Service], at: datetime, issued: datetime
    ) -> _Answer:
        states = [(service, state) for service in services if (state := service.state_at(at)) is not None]
        states = [(service, state) for service, state in states if state.type == uris.CA_QC]
        if not states:
            raise _NotQualified(f"The issuer was no CA/QC service of a trusted list on {at:%Y-%m-%d}")
        granted = [(service, state) for service, state in states if _granted(state, at)]
        if not granted:
            status = states[0][1].status.rpartition("/")[2]
            raise _NotQualified(f"{states[0][0].name} was {status} on {at:%Y-%m-%d}, not granted")
        answers, refusals = [], []
        for service, state in granted:
            try:
                answers.append(_by_state(certificate, service, state, at, issued))
            except _NotQualified as no:
                refusals.append(no)
        if not answers:
            raise refusals[0]
        if len({(answer.purpose, answer.qscd) for answer in answers}) > 1:
            raise _NotQualified("The trusted lists contradict each other about this certificate")
        return answers[0]


def _issues_qualified(service: Service) -> bool:
    """Now, or once."""
    return any(state.type == uris.CA_QC for state in (service.current, *service.history))


def _granted(state: ServiceState, at: datetime) -> bool:
    return state.status == uris.GRANTED or (at < EIDAS and state.status in uris.GRANTED_BEFORE_EIDAS)


def _by_state(
    certificate: x509.Certificate, service: Service, state: ServiceState, at: datetime, issued: datetime
) -> _Answer:
    seen = traits(certificate)
    qualifiers = qualifiers_of(state.qualifications, seen)
    if qualifiers is None:
        raise _NotQualified(f"{service.name} has a criterion for its qualifiers that is not known here")
    stated = statements(certificate, seen.policies, before_eidas=issued < EIDAS)
    if uris.NOT_QUALIFIED in qualifiers:
        raise _NotQualified(f"The trusted list says NotQualified of such certificates of {service.name}")
    if not (stated.compliance or uris.QC_STATEMENT in qualifiers):
        raise _NotQualified(
            "Neither the certificate (QcCompliance) nor the trusted list says it is qualified"
        )
    purpose = _purpose(qualifiers, stated)
    wanted = _INFORMATION_OF_PURPOSE[purpose]
    if at >= EIDAS and issued >= EIDAS and wanted not in state.additional_informations:
        name = wanted.rpartition("/")[2]
        raise _NotQualified(f"{service.name} is not listed {name} on {at:%Y-%m-%d}")
    return _Answer(purpose, _device(qualifiers, stated), service.name)


def _purpose(qualifiers: frozenset[str], stated: Statements) -> str:
    """The list's word first, then the certificate's; without either, for signatures, as all were once."""
    said = {purpose for qualifier, purpose in _PURPOSE_OF_QUALIFIER.items() if qualifier in qualifiers}
    purposes = said or (stated.types & set(_INFORMATION_OF_PURPOSE)) or {ESIGN}
    if not said and not stated.types and uris.QC_FOR_LEGAL_PERSON in qualifiers:
        purposes = {ESEAL}
    if len(purposes) != 1:
        raise _NotQualified("It is not clear what the certificate is qualified for: it has several purposes")
    if said and stated.types and not said & stated.types and uris.QC_STATEMENT not in qualifiers:
        raise _NotQualified("The certificate states another purpose than the trusted list")
    return next(iter(purposes))


def _device(qualifiers: frozenset[str], stated: Statements) -> bool:
    """Contradicting qualifiers count as no device."""
    if qualifiers & uris.WITHOUT_DEVICE:
        return False
    if qualifiers & uris.WITH_DEVICE:
        return True
    return stated.device


def _name_and_key(certificate: bytes) -> tuple[bytes, bytes] | None:
    """Subject and public key, encoded; nothing for what real lists have of unreadable certificates."""
    try:
        loaded = asn1_x509.Certificate.load(certificate)
        return loaded.subject.dump(), loaded.public_key.dump()
    except (ValueError, TypeError, KeyError):
        return None
