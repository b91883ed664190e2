"""Policies, where status and issuer are to be had, purposes (RFC 5280, RFC 3161, RFC 6960, EN 319 412-2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID

from qsignhub.authority import qc_statements
from qsignhub.authority.lint.inspected import Inspected
from qsignhub.authority.lint.rules import rule
from qsignhub.authority.profiles import NCP, QCP_N_QSCD, VALIDITY_ASSURED

_CPS = "1.3.6.1.5.5.7.2.1"
_QUALIFIED_CA: Final = "ca-qes"


@rule("EN 319 412-2 clause 4.3.3; EN 319 411-1 and 411-2 clause 5.3", "ca", "tsa", "signer", "seal")
def policy(found: Inspected) -> Iterator[str]:
    policies = found.extension(x509.CertificatePolicies)
    qualified = found.profile.qualified or found.profile.name == _QUALIFIED_CA
    wanted = QCP_N_QSCD if qualified else NCP
    stated = [] if policies is None else [each.policy_identifier.dotted_string for each in policies]
    if stated != [wanted]:
        yield f"The policy is {', '.join(stated) or 'none'}; {wanted} it is."
    qualifiers = [one for each in policies or () for one in each.policy_qualifiers or ()]
    if not any(isinstance(one, str) and _scheme(one) in {"http", "https"} for one in qualifiers):
        yield "The policy does not say where the practice statement is."


@rule("RFC 5280 clause 6.1.3", "signer", "seal", "tsa")
def policy_of_issuer(found: Inspected) -> Iterator[str]:
    own = found.extension(x509.CertificatePolicies)
    if own is None or found.issuer is None:
        return
    try:
        extension = found.issuer.extensions.get_extension_for_class(x509.CertificatePolicies)
    except x509.ExtensionNotFound:
        yield "The issuer's certificate has no policies, so that none holds below it."
        return
    allowed = {each.policy_identifier for each in extension.value}
    if not {each.policy_identifier for each in own} <= allowed:
        yield "The issuer's certificate does not allow this policy."


@rule("EN 319 412-2 clause 4.4.1; RFC 5280 clause 4.2.2.1", "ca", "ocsp", "tsa", "signer", "seal")
def information_access(found: Inspected) -> Iterator[str]:
    access = found.extension(x509.AuthorityInformationAccess)
    stated = [] if access is None else [(each.access_method, _url(each.access_location)) for each in access]
    issuers = [url for method, url in stated if method == AuthorityInformationAccessOID.CA_ISSUERS]
    ocsp = [url for method, url in stated if method == AuthorityInformationAccessOID.OCSP]
    if not any(_scheme(url) == "http" for url in issuers):
        yield "It does not say where its issuer's certificate is to be had over http."
    with_responder = found.profile.kind in {"tsa", "signer", "seal"}
    if with_responder and not any(_scheme(url) == "http" for url in ocsp):
        yield "It names no OCSP responder over http."
    if ocsp and not with_responder:
        yield "It names an OCSP responder, and none answers for it."


@rule("EN 319 412-2 clause 4.3.11; RFC 5280 clause 4.2.1.13", "ca", "tsa", "signer", "seal")
def distribution_points(found: Inspected) -> Iterator[str]:
    points = found.extension(x509.CRLDistributionPoints)
    if found.profile.one_time:
        if points is not None:
            yield "A one-time certificate names no CRL."
        return
    whole = [each for each in points or () if each.reasons is None and each.crl_issuer is None]
    urls = [_url(name) for each in whole for name in each.full_name or ()]
    if not any(_scheme(url) == "http" for url in urls):
        yield "It names no CRL over http."


@rule("RFC 3161 clause 2.3; EN 319 422 clause 6", "tsa")
def time_stamping_alone(found: Inspected) -> Iterator[str]:
    purposes = found.extension(x509.ExtendedKeyUsage)
    if purposes is None or list(purposes) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        yield "Its extended key usage is not timeStamping alone."
    elif not found.critical(ExtensionOID.EXTENDED_KEY_USAGE):
        yield "Its extended key usage is not critical."


@rule("RFC 6960 clause 4.2.2.2", "ocsp")
def ocsp_signing(found: Inspected) -> Iterator[str]:
    purposes = found.extension(x509.ExtendedKeyUsage)
    if purposes is None or list(purposes) != [ExtendedKeyUsageOID.OCSP_SIGNING]:
        yield "Its extended key usage is not OCSPSigning alone."
    if found.extension(x509.OCSPNoCheck) is None:
        yield "A responder of ours says that it needs no status of its own, and it does not."


@rule("EN 319 412-1 clause 5.2", "signer")
def validity_assured(found: Inspected) -> Iterator[str]:
    stated = found.raw(VALIDITY_ASSURED)
    if (stated is not None) != found.profile.one_time:
        yield "That its validity is assured is for one-time certificates, and for all of them."
    if stated is not None and stated.value != b"\x05\x00":
        yield "The statement that its validity is assured is NULL."


@rule("EN 319 412-5 clauses 4.1 and 5", "signer", "seal")
def statements_not_critical(found: Inspected) -> Iterator[str]:
    if found.critical(qc_statements.OID):
        yield "The QCStatements are critical."


def _url(name: x509.GeneralName) -> str:
    return name.value if isinstance(name, x509.UniformResourceIdentifier) else ""


def _scheme(url: str) -> str:
    """Lower case; empty where there is no host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.scheme if parts.hostname else ""
