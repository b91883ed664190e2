"""Certificate profiles of the built-in authority (RFC 5280; ETSI EN 319 412-1, -2, -3, -5).

Root ─┬─ QES CA ──┬─ signer-qes, signer-qes-one-time   (QCP-n-qscd, QCStatements)
      ├─ AES CA ──┼─ signer-aes, signer-aes-one-time   (NCP)
      ├─ Seal CA ─┼─ seal                              (NCP, legal person)
      └─ TSA CA ──┼─ tsa                               (EKU timeStamping alone, critical)
                  └─ ocsp, one for each CA             (id-pkix-ocsp-nocheck)

A one-time certificate says that its validity is assured (EN 319 412-1 clause 5.2): it ends before a request
for revocation has to be processed. It names the OCSP responder all the same, for evidence that is kept with
a signature, and for validators that do not know the statement (EN 319 412-2 clause 4.4.1).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from qsignhub.authority import names, qc_statements
from qsignhub.authority.names import AuthorityNames, LegalPerson, Subject
from qsignhub.authority.qc_statements import QcStatements
from qsignhub.authority.template import Extension, Issuer, SubjectKey, Template, algorithm_of, public_key_info
from qsignhub.authority.urls import Urls
from qsignhub.foundation import der

CaRole: TypeAlias = Literal["ca-qes", "ca-aes", "ca-seal", "ca-tsa"]
SignerProfile: TypeAlias = Literal["signer-qes", "signer-qes-one-time", "signer-aes", "signer-aes-one-time"]
Kind: TypeAlias = Literal["root", "ca", "ocsp", "tsa", "signer", "seal"]

CA_ROLES: Final[tuple[CaRole, ...]] = ("ca-qes", "ca-aes", "ca-seal", "ca-tsa")
ONE_TIME_LIFETIME: Final = timedelta(minutes=15)
LONG_LIFETIME: Final = timedelta(days=730)
QCP_N_QSCD: Final = "0.4.0.194112.1.2"  # EN 319 411-2 clause 5.3
NCP: Final = "0.4.0.2042.1.1"  # EN 319 411-1 clause 5.3
VALIDITY_ASSURED: Final = "0.4.0.194121.2.1"  # EN 319 412-1 clause 5.2

_ROOT_LIFETIME = timedelta(days=7300)
_CA_LIFETIME = timedelta(days=3650)
_SERVICE_LIFETIME = timedelta(days=1825)
_BACKDATED = timedelta(minutes=1)  # for clocks that are a little behind


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rules of a profile turn on. ``ca`` is the issuing CA's role, None where any of them issues."""

    name: str
    kind: Kind
    ca: CaRole | Literal["root"] | None
    lifetime: timedelta
    policy: str | None = None
    qualified: bool = False
    one_time: bool = False


PROFILES: Final = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("root", "root", None, _ROOT_LIFETIME),
            Profile("ca-qes", "ca", "root", _CA_LIFETIME, QCP_N_QSCD),
            Profile("ca-aes", "ca", "root", _CA_LIFETIME, NCP),
            Profile("ca-seal", "ca", "root", _CA_LIFETIME, NCP),
            Profile("ca-tsa", "ca", "root", _CA_LIFETIME, NCP),
            Profile("ocsp", "ocsp", None, _SERVICE_LIFETIME),
            Profile("tsa", "tsa", "ca-tsa", _SERVICE_LIFETIME, NCP),
            Profile("signer-qes", "signer", "ca-qes", LONG_LIFETIME, QCP_N_QSCD, qualified=True),
            Profile(
                "signer-qes-one-time",
                "signer",
                "ca-qes",
                ONE_TIME_LIFETIME,
                QCP_N_QSCD,
                qualified=True,
                one_time=True,
            ),
            Profile("signer-aes", "signer", "ca-aes", LONG_LIFETIME, NCP),
            Profile("signer-aes-one-time", "signer", "ca-aes", ONE_TIME_LIFETIME, NCP, one_time=True),
            Profile("seal", "seal", "ca-seal", LONG_LIFETIME, NCP),
        )
    }
)
_CA_TITLES = {"ca-qes": "QES CA", "ca-aes": "AES CA", "ca-seal": "Seal CA", "ca-tsa": "TSA CA"}


def _usage(*bits: str) -> Extension:
    every = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return Extension.of(x509.KeyUsage(**{bit: bit in bits for bit in every}), critical=True)


_CERTIFYING = _usage("key_cert_sign", "crl_sign")
_SIGNING = _usage("digital_signature")
_COMMITTING = _usage("content_commitment")  # type A, EN 319 412-2 clause 4.3.2
_NO_CHECK = Extension.of(x509.OCSPNoCheck(), critical=False)
_OCSP_SIGNING = Extension.of(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
_TIME_STAMPING = Extension.of(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
_VALIDITY_ASSURED = Extension(VALIDITY_ASSURED, critical=False, value=der.encode(der.NULL, b""))


def root(authority: AuthorityNames, key: ec.EllipticCurvePrivateKey, now: datetime) -> Template:
    """Signed by itself."""
    name = names.service_name(authority, "Root CA").public_bytes()
    begin = _begin(now)
    return Template(
        profile="root",
        serial=_serial(),
        algorithm=algorithm_of(key),
        issuer=name,
        not_before=begin,
        not_after=begin + _ROOT_LIFETIME,
        subject=name,
        public_key=public_key_info(key.public_key()),
        extensions=(_key_identifier(key.public_key()), _basic(None), _CERTIFYING),
    )


def certification_authority(
    role: CaRole,
    authority: AuthorityNames,
    key: ec.EllipticCurvePublicKey,
    issuer: Issuer,
    urls: Urls,
    now: datetime,
) -> Template:
    """An issuing CA under the root; its status is on the root's CRL alone."""
    extensions = (
        _basic(0),
        _CERTIFYING,
        _policy(PROFILES[role].policy or "", urls.practice_statement),
        _access(urls.certificate("root"), None),
        _crl_point(urls.crl("root")),
    )
    return _issued(role, names.service_name(authority, _CA_TITLES[role]), key, issuer, now, extensions)


def ocsp_responder(
    role: str, authority: AuthorityNames, key: SubjectKey, issuer: Issuer, urls: Urls, now: datetime
) -> Template:
    """The responder of the CA ``role`` (RFC 6960 clause 4.2.2.2): it lives on without a status of its own."""
    name = names.service_name(authority, f"{_CA_TITLES.get(role, 'CA')} OCSP")
    extensions = (_SIGNING, _OCSP_SIGNING, _NO_CHECK, _access(urls.certificate(role), None))
    return _issued("ocsp", name, key, issuer, now, extensions)


def timestamp_authority(
    authority: AuthorityNames, key: SubjectKey, issuer: Issuer, urls: Urls, now: datetime
) -> Template:
    """A time-stamping unit (EN 319 421, EN 319 422 clause 6; RFC 3161 clause 2.3)."""
    extensions = (
        _SIGNING,
        _TIME_STAMPING,
        _policy(NCP, urls.practice_statement),
        _access(urls.certificate("ca-tsa"), urls.ocsp),
        _crl_point(urls.crl("ca-tsa")),
    )
    return _issued("tsa", names.service_name(authority, "TSA"), key, issuer, now, extensions)


def signer(
    profile: SignerProfile,
    authority: AuthorityNames,
    key: SubjectKey,
    subject: Subject,
    issuer: Issuer,
    urls: Urls,
    now: datetime,
) -> Template:
    """A natural person's (EN 319 412-2). Raises SubjectRefused."""
    chosen = PROFILES[profile]
    semantics = qc_statements.NATURAL_PERSON if subject.identifier else None
    statements = QcStatements(semantics=semantics)
    if chosen.qualified:
        statements = QcStatements(
            compliance=True,
            sscd=True,
            types=(qc_statements.ESIGN,),
            pds=((urls.disclosure_statement, "en"),),
            semantics=semantics,
        )
    extensions = (
        _COMMITTING,
        _policy(chosen.policy or "", urls.practice_statement),
        _access(urls.certificate(chosen.ca or ""), urls.ocsp),
        *([_VALIDITY_ASSURED] if chosen.one_time else [_crl_point(urls.crl(chosen.ca or ""))]),
        *([_statements(statements)] if statements != QcStatements() else []),
    )
    return _issued(profile, names.signer_name(authority, subject), key, issuer, now, extensions)


def seal(
    authority: AuthorityNames,
    key: SubjectKey,
    subject: LegalPerson,
    issuer: Issuer,
    urls: Urls,
    now: datetime,
) -> Template:
    """A legal person's (EN 319 412-3). Raises SubjectRefused."""
    extensions = (
        _COMMITTING,
        _policy(NCP, urls.practice_statement),
        _access(urls.certificate("ca-seal"), urls.ocsp),
        _crl_point(urls.crl("ca-seal")),
        _statements(QcStatements(semantics=qc_statements.LEGAL_PERSON)),
    )
    return _issued("seal", names.legal_name(authority, subject), key, issuer, now, extensions)


def _issued(
    profile: str,
    subject: x509.Name,
    key: SubjectKey,
    issuer: Issuer,
    now: datetime,
    extensions: tuple[Extension, ...],
) -> Template:
    """Nothing outlives its issuer."""
    begin = _begin(now)
    return Template(
        profile=profile,
        serial=_serial(),
        algorithm=issuer.algorithm,
        issuer=issuer.name,
        not_before=begin,
        not_after=min(begin + PROFILES[profile].lifetime, issuer.certificate.not_valid_after_utc),
        subject=subject.public_bytes(),
        public_key=public_key_info(key),
        extensions=(_key_identifier(key), issuer.key_identifier, *extensions),
    )


def _begin(now: datetime) -> datetime:
    return now.replace(microsecond=0) - _BACKDATED


def _serial() -> int:
    """159 random bits, the highest set: positive, 20 octets, no two alike (RFC 5280 clause 4.1.2.2)."""
    return secrets.randbits(158) | 1 << 158


def _key_identifier(key: SubjectKey) -> Extension:
    return Extension.of(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _basic(path_length: int | None) -> Extension:
    return Extension.of(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)


@lru_cache(maxsize=64)
def _policy(policy: str, practice_statement: str) -> Extension:
    information = x509.PolicyInformation(x509.ObjectIdentifier(policy), [practice_statement])
    return Extension.of(x509.CertificatePolicies([information]), critical=False)


@lru_cache(maxsize=64)
def _access(ca_issuers: str, ocsp: str | None) -> Extension:
    methods = [(AuthorityInformationAccessOID.CA_ISSUERS, ca_issuers)]
    if ocsp is not None:
        methods.insert(0, (AuthorityInformationAccessOID.OCSP, ocsp))
    descriptions = [x509.AccessDescription(oid, x509.UniformResourceIdentifier(url)) for oid, url in methods]
    return Extension.of(x509.AuthorityInformationAccess(descriptions), critical=False)


@lru_cache(maxsize=64)
def _crl_point(url: str) -> Extension:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return Extension.of(x509.CRLDistributionPoints([point]), critical=False)


@lru_cache(maxsize=64)
def _statements(statements: QcStatements) -> Extension:
    return Extension(qc_statements.OID, critical=False, value=qc_statements.encode(statements))
