"""From the elements of a TrustServiceStatusList to the model (ETSI TS 119 612 clause 5)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import cast

from lxml import etree

from qsignhub.trustlists.errors import TrustedListMalformed
from qsignhub.trustlists.model import (
    Assertion,
    Criteria,
    Qualification,
    Service,
    ServiceState,
    TrustedList,
)
from qsignhub.trustlists.uris import ADDITIONAL_XML, EXTENSIONS_XML, TSL, TSL_XML, XADES_XML

ROOT = TSL_XML + "TrustServiceStatusList"
VERSIONS = (5, 6)
_NAMES = {"tsl": TSL}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ASSERTIONS = ("all", "atLeastOne", "none")
_KNOWN = ("KeyUsage", "PolicySet", "CriteriaList", "otherCriteriaList", "Description")


def read_structure(root: etree._Element) -> TrustedList:
    """Raises TrustedListMalformed."""
    if root.tag != ROOT:
        raise TrustedListMalformed("The file is not a trusted list: its root is not TrustServiceStatusList")
    information = _child(root, "SchemeInformation")
    version = _number(information, "TSLVersionIdentifier")
    if version not in VERSIONS:
        raise TrustedListMalformed(f"TSL version {version} is not known here; versions 5 and 6 are")
    following = information.find("tsl:NextUpdate/tsl:dateTime", _NAMES)
    return TrustedList(
        version=version,
        territory=_text(information, "SchemeTerritory"),
        operator=_name(_child(information, "SchemeOperatorName")),
        sequence_number=_number(information, "TSLSequenceNumber"),
        issued_at=_moment(_text(information, "ListIssueDateTime")),
        next_update=None if following is None else _moment(following.text),
        services=tuple(_services(root)),
    )


def _services(root: etree._Element) -> list[Service]:
    found: list[Service] = []
    for provider in root.iterfind("tsl:TrustServiceProviderList/tsl:TrustServiceProvider", _NAMES):
        name = _name(_child(_child(provider, "TSPInformation"), "TSPName"))
        services = provider.iterfind("tsl:TSPServices/tsl:TSPService", _NAMES)
        found.extend(_service(service, name) for service in services)
    return found


def _service(element: etree._Element, provider: str) -> Service:
    information = _child(element, "ServiceInformation")
    history = element.iterfind("tsl:ServiceHistory/tsl:ServiceHistoryInstance", _NAMES)
    certificates = information.iterfind(
        "tsl:ServiceDigitalIdentity/tsl:DigitalId/tsl:X509Certificate", _NAMES
    )
    return Service(
        name=_name(_child(information, "ServiceName")),
        provider=provider,
        certificates=tuple(_octets(certificate.text) for certificate in certificates),
        current=_state(information),
        history=tuple(_state(instance) for instance in history),
    )


def _state(element: etree._Element) -> ServiceState:
    extensions = element.find("tsl:ServiceInformationExtensions", _NAMES)
    informations: set[str] = set()
    qualifications: list[Qualification] = []
    for extension in () if extensions is None else extensions:
        for uri in extension.iterfind("tsl:AdditionalServiceInformation/tsl:URI", _NAMES):
            informations.add(_stripped(uri))
        elements = extension.iterfind(f"{EXTENSIONS_XML}Qualifications/{EXTENSIONS_XML}QualificationElement")
        qualifications.extend(_qualification(one) for one in elements)
    return ServiceState(
        type=_text(element, "ServiceTypeIdentifier"),
        status=_text(element, "ServiceStatus"),
        since=_moment(_text(element, "StatusStartingTime")),
        additional_informations=frozenset(informations),
        qualifications=tuple(qualifications),
    )


def _qualification(element: etree._Element) -> Qualification:
    qualifiers = element.iterfind(f"{EXTENSIONS_XML}Qualifiers/{EXTENSIONS_XML}Qualifier")
    criteria = element.find(EXTENSIONS_XML + "CriteriaList")
    if criteria is None:
        raise TrustedListMalformed("A QualificationElement has no CriteriaList")
    return Qualification(
        frozenset((qualifier.get("uri") or "").strip() for qualifier in qualifiers), _criteria(criteria)
    )


def _criteria(element: etree._Element) -> Criteria:
    assertion = element.get("assert", "all")
    if assertion not in _ASSERTIONS:
        raise TrustedListMalformed("A CriteriaList asserts something else than all, atLeastOne or none")
    known = {name: element.findall(EXTENSIONS_XML + name) for name in _KNOWN}
    other = [child for one in known["otherCriteriaList"] for child in one.iterchildren(etree.Element)]
    extended = [child for child in other if child.tag == ADDITIONAL_XML + "ExtendedKeyUsage"]
    subjects = [child for child in other if child.tag == ADDITIONAL_XML + "CertSubjectDNAttribute"]
    direct = sum(1 for _ in element.iterchildren(etree.Element)) - sum(map(len, known.values()))
    return Criteria(
        assertion=cast("Assertion", assertion),
        key_usages=tuple(_bits(usage) for usage in known["KeyUsage"]),
        policy_sets=tuple(_identifiers(policies) for policies in known["PolicySet"]),
        extended_key_usages=tuple(_identifiers(purposes) for purposes in extended),
        subject_attributes=tuple(_identifiers(attributes) for attributes in subjects),
        nested=tuple(_criteria(nested) for nested in known["CriteriaList"]),
        unknown=direct + len(other) - len(extended) - len(subjects),
    )


def _bits(usage: etree._Element) -> tuple[tuple[str, bool], ...]:
    bits = usage.iterfind(EXTENSIONS_XML + "KeyUsageBit")
    return tuple((bit.get("name", ""), _stripped(bit) in {"true", "1"}) for bit in bits)


def _identifiers(element: etree._Element) -> frozenset[str]:
    """Object identifiers, dotted; lists write them bare, or as ``urn:oid:``."""
    return frozenset(
        _stripped(identifier).removeprefix("urn:oid:")
        for identifier in element.iter(XADES_XML + "Identifier")
    )


def _child(element: etree._Element, name: str) -> etree._Element:
    found = element.find(TSL_XML + name)
    if found is None:
        raise TrustedListMalformed(f"The trusted list has no {name} where there has to be one")
    return found


def _text(element: etree._Element, name: str) -> str:
    return _stripped(_child(element, name))


def _stripped(element: etree._Element) -> str:
    return (element.text or "").strip()


def _number(element: etree._Element, name: str) -> int:
    text = _text(element, name)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise TrustedListMalformed(f"The trusted list's {name} is not a number")
    return int(text)


def _name(element: etree._Element) -> str:
    """In English where there is an English name (clause 5.1.4 wants one)."""
    names = element.findall(TSL_XML + "Name")
    english = [name for name in names if (name.get(_LANGUAGE) or "").lower() == "en"]
    return next((_stripped(name) for name in (*english, *names)), "")


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError as wrong:
        raise TrustedListMalformed("A time in the trusted list cannot be read") from wrong
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _octets(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except (ValueError, binascii.Error) as wrong:
        raise TrustedListMalformed("A certificate in the trusted list is not base64") from wrong
