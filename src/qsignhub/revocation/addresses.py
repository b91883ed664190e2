"""Where a certificate says that its status is to be had (RFC 5280, sections 4.2.1.13 and 4.2.2.1)."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from qsignhub.revocation.errors import RevocationMalformed
from qsignhub.revocation.issuers import UNREADABLE, load_certificate

_SCHEMES = ("http", "https")
E = TypeVar("E", bound=x509.ExtensionType)


def ocsp_addresses(certificate: bytes) -> list[str]:
    """The http(s) URLs of OCSP responders, in the certificate's order."""
    access = _extension(certificate, x509.AuthorityInformationAccess)
    if access is None:
        return []
    found = [one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.OCSP]
    return _web_addresses(found)


def crl_addresses(certificate: bytes) -> list[str]:
    """The http(s) URLs of full CRLs of the certificate's own issuer, in the certificate's order."""
    points = _extension(certificate, x509.CRLDistributionPoints)
    if points is None:
        return []
    # a point with reasons or another cRLIssuer leads to partial or indirect lists
    whole = [point for point in points if point.reasons is None and point.crl_issuer is None]
    return _web_addresses([name for point in whole for name in point.full_name or []])


def _web_addresses(names: list[x509.GeneralName]) -> list[str]:
    urls = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return [url for url in urls if url.partition(":")[0].lower() in _SCHEMES and _host(url)]


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _extension(certificate: bytes, kind: type[E]) -> E | None:
    try:
        return load_certificate(certificate).extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except UNREADABLE as wrong:
        raise RevocationMalformed("The certificate's extensions cannot be read") from wrong
