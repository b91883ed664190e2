"""Writing a small trusted list (ETSI TS 119 612 v2.3.1) and signing it (XAdES-BES, enveloped)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSigner

from qsignhub.trustlists.model import Criteria, Service, ServiceState, TrustedList
from qsignhub.trustlists.uris import (
    ADDITIONAL,
    ADDITIONAL_XML,
    DS_XML,
    EXTENSIONS,
    EXTENSIONS_XML,
    TSL,
    TSL_XML,
    XADES_XML,
)

_NAMESPACES: Any = {None: TSL, "ecc": EXTENSIONS, "tslx": ADDITIONAL}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_GENERIC = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
_APPROACH = "http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/EUappropriate"
_RULES = "http://uri.etsi.org/TrstSvc/TrustedList/schemerules/EUcommon"
_EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0


def write_trusted_list(
    content: TrustedList,
    *,
    key: ec.EllipticCurvePrivateKey,
    certificate: bytes,
    url: str,
    notice: str,
) -> bytes:
    """The signed list as XML; ``url`` is where it is served, ``notice`` its legal notice.

    ECDSA with SHA-256. The list's name begins with its territory (clause 5.3.6).
    """
    root = etree.Element(
        TSL_XML + "TrustServiceStatusList",
        {"TSLTag": "http://uri.etsi.org/19612/TSLTag"},
        nsmap=_NAMESPACES,
    )
    _scheme(root, content, url, notice)
    providers = etree.SubElement(root, TSL_XML + "TrustServiceProviderList")
    for provider in dict.fromkeys(service.provider for service in content.services):
        element = etree.SubElement(providers, TSL_XML + "TrustServiceProvider")
        _provider(element, provider, content.territory, url)
        services = etree.SubElement(element, TSL_XML + "TSPServices")
        for service in content.services:
            if service.provider == provider:
                _service(services, service)
    return _signed(root, key, certificate)


def _signed(root: etree._Element, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> bytes:
    signer = _Signer(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=_EXCLUSIVE,
        data_object_format=XAdESDataObjectFormat("Trusted list", "text/xml"),
    )
    signed = signer.sign(
        root, key=key, cert=[x509.load_der_x509_certificate(certificate)], always_add_key_value=False
    )
    encoded: bytes = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
    return encoded


class _Signer(XAdESSigner):
    """signxml's, whose references to its own parts say how these were canonicalised (XMLDSig 4.4.3.2)."""

    def _add_reference_to_signed_info(
        self, sig_root: etree._Element, node_to_reference: etree._Element, **attrs: str
    ) -> None:
        super()._add_reference_to_signed_info(sig_root, node_to_reference, **attrs)  # type: ignore[no-untyped-call]
        reference = sig_root.findall(f"{DS_XML}SignedInfo/{DS_XML}Reference")[-1]
        transforms = etree.Element(DS_XML + "Transforms")
        etree.SubElement(transforms, DS_XML + "Transform", {"Algorithm": _EXCLUSIVE.value})
        reference.insert(0, transforms)


def _scheme(root: etree._Element, content: TrustedList, url: str, notice: str) -> None:
    scheme = etree.SubElement(root, TSL_XML + "SchemeInformation")
    _add(scheme, "TSLVersionIdentifier", str(content.version))
    _add(scheme, "TSLSequenceNumber", str(content.sequence_number))
    _add(scheme, "TSLType", _GENERIC)
    _in_english(_add(scheme, "SchemeOperatorName"), "Name", content.operator)
    _address(_add(scheme, "SchemeOperatorAddress"), content.territory, url)
    _in_english(_add(scheme, "SchemeName"), "Name", f"{content.territory}:{content.operator}, trusted list")
    _in_english(_add(scheme, "SchemeInformationURI"), "URI", url)
    _add(scheme, "StatusDeterminationApproach", _APPROACH)
    _in_english(_add(scheme, "SchemeTypeCommunityRules"), "URI", _RULES)
    _add(scheme, "SchemeTerritory", content.territory)
    _in_english(_add(scheme, "PolicyOrLegalNotice"), "TSLLegalNotice", notice)
    _add(scheme, "HistoricalInformationPeriod", "65535")
    _add(scheme, "ListIssueDateTime", _iso(content.issued_at))
    following = _add(scheme, "NextUpdate")
    if content.next_update is not None:
        _add(following, "dateTime", _iso(content.next_update))
    _add(_add(scheme, "DistributionPoints"), "URI", url)


def _provider(element: etree._Element, name: str, territory: str, url: str) -> None:
    information = _add(element, "TSPInformation")
    _in_english(_add(information, "TSPName"), "Name", name)
    _in_english(_add(information, "TSPTradeName"), "Name", f"VAT{territory}-00000000")
    _address(_add(information, "TSPAddress"), territory, url)
    _in_english(_add(information, "TSPInformationURI"), "URI", url)


def _address(element: etree._Element, territory: str, url: str) -> None:
    postal = _add(_add(element, "PostalAddresses"), "PostalAddress")
    postal.set(_LANGUAGE, "en")
    _add(postal, "StreetAddress", "none")
    _add(postal, "Locality", "none")
    _add(postal, "CountryName", territory)
    electronic = _add(element, "ElectronicAddress")
    _in_english(electronic, "URI", "mailto:nobody@example.org")
    _in_english(electronic, "URI", url)


def _service(parent: etree._Element, service: Service) -> None:
    element = _add(parent, "TSPService")
    information = _add(element, "ServiceInformation")
    _add(information, "ServiceTypeIdentifier", service.current.type)
    _in_english(_add(information, "ServiceName"), "Name", service.name)
    identity = _add(information, "ServiceDigitalIdentity")
    for certificate in service.certificates:
        encoded = base64.b64encode(certificate).decode()
        _add(_add(identity, "DigitalId"), "X509Certificate", encoded)
    _status(information, service.current)
    if service.history:
        history = _add(element, "ServiceHistory")
        for state in service.history:
            _history(_add(history, "ServiceHistoryInstance"), service, state)


def _history(instance: etree._Element, service: Service, state: ServiceState) -> None:
    _add(instance, "ServiceTypeIdentifier", state.type)
    _in_english(_add(instance, "ServiceName"), "Name", service.name)
    identity = _add(instance, "ServiceDigitalIdentity")
    certificate = x509.load_der_x509_certificate(service.certificates[0])
    name = certificate.subject.rfc4514_string()
    _add(_add(identity, "DigitalId"), "X509SubjectName", name)
    digest = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    _add(_add(identity, "DigitalId"), "X509SKI", base64.b64encode(digest).decode())
    _status(instance, state)


def _status(element: etree._Element, state: ServiceState) -> None:
    _add(element, "ServiceStatus", state.status)
    _add(element, "StatusStartingTime", _iso(state.since))
    if not (state.additional_informations or state.qualifications):
        return
    extensions = _add(element, "ServiceInformationExtensions")
    if state.qualifications:
        extension = _add(extensions, "Extension")
        extension.set("Critical", "true")
        group = etree.SubElement(extension, EXTENSIONS_XML + "Qualifications")
        for one in state.qualifications:
            qualification = etree.SubElement(group, EXTENSIONS_XML + "QualificationElement")
            qualifiers = etree.SubElement(qualification, EXTENSIONS_XML + "Qualifiers")
            for uri in sorted(one.qualifiers):
                etree.SubElement(qualifiers, EXTENSIONS_XML + "Qualifier", {"uri": uri})
            _criteria(qualification, one.criteria)
    for uri in sorted(state.additional_informations):
        extension = _add(extensions, "Extension")
        extension.set("Critical", "true")
        _in_english(_add(extension, "AdditionalServiceInformation"), "URI", uri)


def _criteria(parent: etree._Element, criteria: Criteria) -> None:
    element = etree.SubElement(parent, EXTENSIONS_XML + "CriteriaList", {"assert": str(criteria.assertion)})
    for bits in criteria.key_usages:
        usage = etree.SubElement(element, EXTENSIONS_XML + "KeyUsage")
        for name, value in bits:
            bit = etree.SubElement(usage, EXTENSIONS_XML + "KeyUsageBit", {"name": name})
            bit.text = "true" if value else "false"
    for policies in criteria.policy_sets:
        group = etree.SubElement(element, EXTENSIONS_XML + "PolicySet")
        for policy in sorted(policies):
            _identifier(etree.SubElement(group, EXTENSIONS_XML + "PolicyIdentifier"), policy)
    for nested in criteria.nested:
        _criteria(element, nested)
    _other_criteria(element, criteria)


def _other_criteria(element: etree._Element, criteria: Criteria) -> None:
    if criteria.extended_key_usages or criteria.subject_attributes:
        other = etree.SubElement(element, EXTENSIONS_XML + "otherCriteriaList")
        for purposes in criteria.extended_key_usages:
            group = etree.SubElement(other, ADDITIONAL_XML + "ExtendedKeyUsage")
            for purpose in sorted(purposes):
                _identifier(etree.SubElement(group, ADDITIONAL_XML + "KeyPurposeId"), purpose)
        for attributes in criteria.subject_attributes:
            group = etree.SubElement(other, ADDITIONAL_XML + "CertSubjectDNAttribute")
            for attribute in sorted(attributes):
                _identifier(etree.SubElement(group, ADDITIONAL_XML + "AttributeOID"), attribute)


def _identifier(parent: etree._Element, dotted: str) -> None:
    identifier = etree.SubElement(parent, XADES_XML + "Identifier", {"Qualifier": "OIDAsURN"})
    identifier.text = f"urn:oid:{dotted}"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, TSL_XML + name)
    element.text = text
    return element


def _in_english(parent: etree._Element, name: str, text: str) -> None:
    _add(parent, name, text).set(_LANGUAGE, "en")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
