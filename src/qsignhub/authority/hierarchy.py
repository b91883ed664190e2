"""An authority's own certificates put together: root, issuing CAs, their OCSP responders, the TSA.

It knows no database: an authority that keeps nothing (``fresh_hierarchy``) is made of the same parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority import profiles
from qsignhub.authority.errors import AuthorityRootOffline, CertificateNotFound
from qsignhub.authority.issuance import Issued, issue, prepare
from qsignhub.authority.keys import OCSP_OF, ONLINE_ROLES, Keys, Role, fresh_key
from qsignhub.authority.names import AuthorityNames
from qsignhub.authority.profiles import CA_ROLES, PROFILES
from qsignhub.authority.template import Issuer
from qsignhub.authority.urls import Urls


@dataclass(frozen=True, slots=True)
class Service:
    """A responder or a time-stamping unit: ``certificate`` is DER."""

    certificate: bytes
    key: ec.EllipticCurvePrivateKey

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256 (DER)."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """``issuers`` and ``responders`` by the CA's role; the CA from before profiles is ``issuing``."""

    names: AuthorityNames
    urls: Urls
    root: bytes
    issuers: Mapping[str, Issuer]
    responders: Mapping[str, Service]
    timestamp: Service

    def chain_of(self, profile_or_ca: str) -> tuple[bytes, bytes]:
        """The issuing CA's certificate and the root's (DER), by the CA's role or a profile it issues."""
        profile = PROFILES.get(profile_or_ca)
        role = profile.ca if profile is not None and profile.kind != "ca" else profile_or_ca
        if role is None or role not in self.issuers:
            raise CertificateNotFound(f"No CA of this authority issues {profile_or_ca}.")
        return self.issuers[role].der, self.root

    def role_of_issuer(self, certificate: bytes) -> str:
        """The role of the CA that issued a certificate (DER). Raises CertificateNotFound."""
        parsed = x509.load_der_x509_certificate(certificate)
        for role, issuer in self.issuers.items():
            if parsed.issuer == issuer.certificate.subject:
                return role
        raise CertificateNotFound("No CA of this authority issued this certificate.")


def missing_certificates(
    names: AuthorityNames, urls: Urls, keys: Keys, present: Mapping[str, bytes], now: datetime
) -> dict[Role, Issued]:
    """The certificates that are not there, issued; the root's first. ``keys`` may lack the root's.

    Raises AuthorityRootOffline where only the root could issue what is missing.
    """
    made: dict[Role, Issued] = {}
    root_key = keys.get("root")
    if "root" not in present:
        if root_key is None:
            raise _offline()
        made["root"] = issue(prepare(profiles.root(names, root_key, now), root_key))
    root = made["root"].parsed if made else x509.load_der_x509_certificate(present["root"])
    for role in CA_ROLES:
        if role not in present:
            if root_key is None:
                raise _offline()
            issuer = Issuer(root, root_key)
            public = keys[role].public_key()
            template = profiles.certification_authority(role, names, public, issuer, urls, now)
            made[role] = issue(prepare(template, issuer))
    for ca, responder in OCSP_OF.items():
        if responder not in present:
            issuer = Issuer(_certificate(ca, present, made), keys[ca])
            public = keys[responder].public_key()
            template = profiles.ocsp_responder(ca, names, public, issuer, urls, now)
            made[responder] = issue(prepare(template, issuer))
    if "tsa-unit" not in present:
        issuer = Issuer(_certificate("ca-tsa", present, made), keys["ca-tsa"])
        public = keys["tsa-unit"].public_key()
        template = profiles.timestamp_authority(names, public, issuer, urls, now)
        made["tsa-unit"] = issue(prepare(template, issuer))
    return made


def assemble(names: AuthorityNames, urls: Urls, keys: Keys, certificates: Mapping[str, bytes]) -> Hierarchy:
    """From all its parts. Those of the CA from before profiles come along where they are there."""
    issuers: dict[str, Issuer] = {role: _issuer(certificates[role], keys[role]) for role in CA_ROLES}
    responders: dict[str, Service] = {
        ca: Service(certificates[role], keys[role]) for ca, role in OCSP_OF.items()
    }
    if {"issuing", "ocsp"} <= certificates.keys() & keys.keys():
        issuers["issuing"] = _issuer(certificates["issuing"], keys["issuing"])
        responders["issuing"] = Service(certificates["ocsp"], keys["ocsp"])
    return Hierarchy(
        names=names,
        urls=urls,
        root=certificates["root"],
        issuers=issuers,
        responders=responders,
        timestamp=Service(certificates["tsa-unit"], keys["tsa-unit"]),
    )


def fresh_hierarchy(names: AuthorityNames, urls: Urls, now: datetime) -> Hierarchy:
    """On new keys that are nowhere but in memory."""
    roles: tuple[Role, ...] = ("root", *ONLINE_ROLES)
    keys: Keys = {role: fresh_key(role) for role in roles}
    made = missing_certificates(names, urls, keys, {}, now)
    return assemble(names, urls, keys, {role: issued.certificate for role, issued in made.items()})


def _certificate(role: Role, present: Mapping[str, bytes], made: Mapping[Role, Issued]) -> x509.Certificate:
    return made[role].parsed if role in made else x509.load_der_x509_certificate(present[role])


def _issuer(certificate: bytes, key: ec.EllipticCurvePrivateKey) -> Issuer:
    return Issuer(x509.load_der_x509_certificate(certificate), key)


def _offline() -> AuthorityRootOffline:
    return AuthorityRootOffline(
        "The root's key is needed to make a CA certificate for this base URL, and it is not in the vault; "
        "bring it back with `qsignhub authority import-root FILE`."
    )
