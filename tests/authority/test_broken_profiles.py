"""Certificates that each break one thing: none of them gets as far as the authority's key."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID

from qsignhub.authority import qc_statements
from qsignhub.authority.errors import NotPrepared, ProfileViolation
from qsignhub.authority.issuance import Prepared, issue, prepare
from qsignhub.authority.profiles import NCP, PROFILES, QCP_N_QSCD, VALIDITY_ASSURED
from qsignhub.authority.qc_statements import ESIGN, NATURAL_PERSON, QcStatements
from qsignhub.authority.template import Extension, Template, public_key_info
from qsignhub.foundation import der
from tests.authority import stock

Breaker = Callable[[Template], Template]
PDS = (("https://sign.qsignhub.com/pds", "en"),)
QUALIFIED = QcStatements(compliance=True, sscd=True, types=(ESIGN,), pds=PDS)


def without(*oids: x509.ObjectIdentifier | str) -> Breaker:
    names = {oid if isinstance(oid, str) else oid.dotted_string for oid in oids}
    return lambda made: replace(made, extensions=tuple(e for e in made.extensions if e.oid not in names))


def having(extension: Extension) -> Breaker:
    return lambda made: replace(
        made,
        extensions=(*(e for e in made.extensions if e.oid != extension.oid), extension),
    )


def put(value: x509.ExtensionType, *, critical: bool = False) -> Breaker:
    return having(Extension.of(value, critical=critical))


def marked(oid: x509.ObjectIdentifier | str, *, critical: bool) -> Breaker:
    name = oid if isinstance(oid, str) else oid.dotted_string
    return lambda made: replace(
        made,
        extensions=tuple(replace(e, critical=critical) if e.oid == name else e for e in made.extensions),
    )


def stating(statements: QcStatements, *, critical: bool = False) -> Breaker:
    return having(Extension(qc_statements.OID, critical, qc_statements.encode(statements)))


def keyed(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> Breaker:
    identifier = put(x509.SubjectKeyIdentifier.from_public_key(key))
    return lambda made: identifier(replace(made, public_key=public_key_info(key)))


def named(*attributes: tuple[x509.ObjectIdentifier, str]) -> Breaker:
    """The subject's attributes with these in place of the old ones; an empty value: without it."""

    def change(made: Template) -> Template:
        kept = [
            relative.raw
            for relative in der.elements(der.read(made.subject).content)
            if not any(der.object_identifier(oid.dotted_string) in relative.raw for oid, _ in attributes)
        ]
        added = [_relative(oid, value) for oid, value in attributes if value != ""]
        return replace(made, subject=der.sequence(*kept, *added))

    return change


def _relative(oid: x509.ObjectIdentifier, value: str, tag: int | None = None) -> bytes:
    printable = oid in (NameOID.COUNTRY_NAME, NameOID.SERIAL_NUMBER)
    tag = tag or (der.PRINTABLE if printable else der.UTF8)
    inner = der.sequence(der.object_identifier(oid.dotted_string), der.encode(tag, value.encode()))
    return der.encode(der.SET, inner)


def empty_common_name(made: Template) -> Template:
    kept = der.read(named((NameOID.COMMON_NAME, ""))(made).subject).content
    return replace(made, subject=der.sequence(kept, _relative(NameOID.COMMON_NAME, "")))


def country_in_utf8(made: Template) -> Template:
    kept = der.read(named((NameOID.COUNTRY_NAME, ""))(made).subject).content
    return replace(made, subject=der.sequence(kept, _relative(NameOID.COUNTRY_NAME, "PL", der.UTF8)))


def duplicated(made: Template) -> Template:
    return replace(made, extensions=(*made.extensions, made.extensions[-1]))


def usage(*bits: str) -> Breaker:
    every = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return put(x509.KeyUsage(**{bit: bit in bits for bit in every}), critical=True)


def policies(*oids: str, cps: bool = True) -> Breaker:
    qualifiers = ["https://sign.qsignhub.com/cps"] if cps else None
    return put(
        x509.CertificatePolicies(
            [x509.PolicyInformation(x509.ObjectIdentifier(oid), qualifiers) for oid in oids]
        )
    )


def access(**urls: str) -> Breaker:
    oids = {"ocsp": AuthorityInformationAccessOID.OCSP, "issuer": AuthorityInformationAccessOID.CA_ISSUERS}
    return put(
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(oids[method], x509.UniformResourceIdentifier(url))
                for method, url in urls.items()
            ]
        )
    )


def points(url: str) -> Breaker:
    return put(
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)]
        )
    )


def purposes(*oids: x509.ObjectIdentifier, critical: bool) -> Breaker:
    return put(x509.ExtendedKeyUsage(oids), critical=critical)


SHA1 = der.sequence(der.object_identifier("1.2.840.10045.4.1"))
RSA_2048 = rsa.generate_private_key(65537, 2048).public_key()
P_521 = ec.generate_private_key(ec.SECP521R1()).public_key()
K_256 = ec.generate_private_key(ec.SECP256K1()).public_key()
P_192_INFO = der.sequence(
    der.sequence(der.object_identifier("1.2.840.10045.2.1"), der.object_identifier("1.2.840.10045.3.1.1")),
    der.encode(
        der.BIT_STRING,
        # the base point of P-192
        b"\x00\x04"
        + bytes.fromhex(
            "188da80eb03090f67cbf20eb43a18800f4ff0afd82ff101207192b95ffc8da78631011ed6b24cdd573f977a11e794811"
        ),
    ),
)
EKU, BASIC, POLICIES = (
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
)
STAMPING, OCSP = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING
LDAP, HTTP = "ldap://directory.qsignhub.com/cn=ca", "http://sign.qsignhub.com/x"

BROKEN: dict[str, tuple[str, Breaker, str]] = {
    "no policy": ("signer-qes", without(POLICIES), "policy"),
    "the policy of another profile": ("signer-qes", policies(NCP), "policy"),
    "two policies": ("signer-qes", policies(QCP_N_QSCD, NCP), "policy"),
    "a policy that the issuer does not have": ("signer-aes", policies(QCP_N_QSCD), "policy_of_issuer"),
    "no practice statement": ("signer-aes", policies(NCP, cps=False), "policy"),
    "critical policies": ("signer-aes", marked(POLICIES, critical=True), "criticality"),
    "no key usage": ("signer-aes", without(ExtensionOID.KEY_USAGE), "key_usage"),
    "the key usage of an authentication": ("signer-aes", usage("digital_signature"), "key_usage"),
    "commitment and encipherment": (
        "signer-qes",
        usage("content_commitment", "key_encipherment"),
        "key_usage",
    ),
    "a signer that signs certificates": ("seal", usage("content_commitment", "key_cert_sign"), "key_usage"),
    "key usage not critical": (
        "signer-aes",
        marked(ExtensionOID.KEY_USAGE, critical=False),
        "criticality",
    ),
    "critical QCStatements": ("signer-qes", stating(QUALIFIED, critical=True), "statements_not_critical"),
    "QcSSCD without QcCompliance": (
        "signer-qes",
        stating(replace(QUALIFIED, compliance=False)),
        "statements",
    ),
    "no QcSSCD": ("signer-qes", stating(replace(QUALIFIED, sscd=False)), "statements"),
    "QcType eseal for a person": (
        "signer-qes",
        stating(replace(QUALIFIED, types=(qc_statements.ESEAL,))),
        "statements",
    ),
    "a disclosure statement over http": (
        "signer-qes",
        stating(replace(QUALIFIED, pds=((HTTP, "en"),))),
        "statements",
    ),
    "no disclosure statement in English": (
        "signer-qes",
        stating(replace(QUALIFIED, pds=((PDS[0][0], "pl"),))),
        "statements",
    ),
    "no disclosure statement": ("signer-qes", stating(replace(QUALIFIED, pds=())), "statements"),
    "no QCStatements": ("signer-qes", without(qc_statements.OID), "statements"),
    "qualified without being so": ("signer-aes", stating(QUALIFIED), "statements"),
    "semantics without an identifier": (
        "signer-aes",
        lambda made: stating(QcStatements(semantics=NATURAL_PERSON))(
            named((NameOID.SERIAL_NUMBER, "0123456789"))(made)
        ),
        "statements",
    ),
    "QCStatements that are cut": (
        "signer-qes",
        having(Extension(qc_statements.OID, False, qc_statements.encode(QUALIFIED)[:-1])),
        "statements",
    ),
    "RSA with 2048 bits": ("signer-aes", keyed(RSA_2048), "subject_key"),
    "P-192": ("signer-aes", lambda made: replace(made, public_key=P_192_INFO), "subject_key"),
    "P-521": ("signer-aes", keyed(P_521), "subject_key"),
    "secp256k1": ("signer-aes", keyed(K_256), "subject_key"),
    "a CA on RSA": (
        "ca-aes",
        keyed(rsa.generate_private_key(65537, 3072).public_key()),
        "subject_key",
    ),
    "a serial number of zero": ("signer-aes", lambda made: replace(made, serial=0), "serial_number"),
    "a negative serial number": (
        "signer-aes",
        lambda made: replace(made, serial=-(1 << 100)),
        "serial_number",
    ),
    "a serial number that can be guessed": (
        "signer-aes",
        lambda made: replace(made, serial=4711),
        "serial_number",
    ),
    "a serial number of 21 octets": (
        "signer-aes",
        lambda made: replace(made, serial=1 << 160),
        "serial_number",
    ),
    "no subject key identifier": (
        "signer-aes",
        without(ExtensionOID.SUBJECT_KEY_IDENTIFIER),
        "subject_key_identifier",
    ),
    "another's subject key identifier": (
        "signer-aes",
        put(x509.SubjectKeyIdentifier(bytes(20))),
        "subject_key_identifier",
    ),
    "no authority key identifier": (
        "signer-aes",
        without(ExtensionOID.AUTHORITY_KEY_IDENTIFIER),
        "authority_key_identifier",
    ),
    "another's authority key identifier": (
        "signer-aes",
        put(x509.AuthorityKeyIdentifier(bytes(20), None, None)),
        "authority_key_identifier",
    ),
    "a signer that is a CA": (
        "signer-aes",
        put(x509.BasicConstraints(ca=True, path_length=None), critical=True),
        "basic_constraints",
    ),
    "a CA that does not say so": ("ca-qes", without(BASIC), "basic_constraints"),
    "a CA with CAs below it": (
        "ca-qes",
        put(x509.BasicConstraints(ca=True, path_length=1), critical=True),
        "basic_constraints",
    ),
    "a CA that is one not critically": ("ca-qes", marked(BASIC, critical=False), "criticality"),
    "a CA that may not sign CRLs": ("ca-qes", usage("key_cert_sign"), "key_usage"),
    "no country": ("signer-aes", named((NameOID.COUNTRY_NAME, "")), "natural_person"),
    "a country in small letters": ("signer-aes", named((NameOID.COUNTRY_NAME, "pl")), "name_values"),
    "a country in UTF-8": ("signer-aes", country_in_utf8, "string_types"),
    "two countries": (
        "signer-aes",
        named((NameOID.COUNTRY_NAME, "PL"), (NameOID.COUNTRY_NAME, "DE")),
        "natural_person",
    ),
    "no common name": ("signer-aes", named((NameOID.COMMON_NAME, "")), "natural_person"),
    "an empty common name": ("signer-aes", empty_common_name, "name_values"),
    "a common name of 65 octets": ("signer-aes", named((NameOID.COMMON_NAME, "x" * 65)), "name_values"),
    "a control character in a name": ("signer-aes", named((NameOID.COMMON_NAME, "Anna\x07")), "name_values"),
    "a bidirectional override": ("signer-aes", named((NameOID.SURNAME, "Anna\u202e")), "name_values"),
    "no name": (
        "signer-aes",
        named((NameOID.GIVEN_NAME, ""), (NameOID.SURNAME, "")),
        "natural_person",
    ),
    "a name and a pseudonym": ("signer-aes", named((NameOID.PSEUDONYM, "Ghost")), "natural_person"),
    "an organisation without identifier": (
        "seal",
        named((NameOID.ORGANIZATION_IDENTIFIER, "")),
        "legal_person",
    ),
    "an organisation's identifier without scheme": (
        "seal",
        named((NameOID.ORGANIZATION_IDENTIFIER, "12345")),
        "statements",
    ),
    "ends before it begins": (
        "signer-aes",
        lambda made: replace(made, not_after=made.not_before - timedelta(days=1)),
        "validity",
    ),
    "a one-time certificate for a day": (
        "signer-aes-one-time",
        lambda made: replace(made, not_after=made.not_before + timedelta(days=1)),
        "validity",
    ),
    "outlives its issuer": (
        "ca-aes",
        lambda made: replace(made, not_after=made.not_after + timedelta(days=7000)),
        "within_issuer",
    ),
    "begins before its issuer": (
        "signer-aes",
        lambda made: replace(made, not_before=made.not_before - timedelta(days=1)),
        "within_issuer",
    ),
    "another's name for the issuer": (
        "signer-aes",
        lambda made: replace(made, issuer=made.subject),
        "issuer_name",
    ),
    "SHA-1": ("signer-aes", lambda made: replace(made, algorithm=SHA1), "signature_algorithm"),
    "a TSA's purpose not critical": ("tsa", marked(EKU, critical=False), "time_stamping_alone"),
    "a TSA with one more purpose": (
        "tsa",
        purposes(STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH, critical=True),
        "time_stamping_alone",
    ),
    "a TSA without purpose": ("tsa", without(EKU), "time_stamping_alone"),
    "a TSA that commits": ("tsa", usage("content_commitment"), "key_usage"),
    "a responder without nocheck": ("ocsp", without(ExtensionOID.OCSP_NO_CHECK), "ocsp_signing"),
    "a responder without purpose": ("ocsp", without(EKU), "ocsp_signing"),
    "a responder that is a TSA too": ("ocsp", purposes(OCSP, STAMPING, critical=False), "ocsp_signing"),
    "nocheck for a signer": ("signer-qes", put(x509.OCSPNoCheck()), "only_known_extensions"),
    "an extended key usage for a signer": (
        "signer-qes",
        purposes(ExtendedKeyUsageOID.CLIENT_AUTH, critical=False),
        "only_known_extensions",
    ),
    "name constraints": (
        "signer-qes",
        put(x509.NameConstraints([x509.DNSName("a.com")], None), critical=True),
        "only_known_extensions",
    ),
    "a CRL by ldap alone": ("signer-aes", points(LDAP), "distribution_points"),
    "no CRL": ("signer-aes", without(ExtensionOID.CRL_DISTRIBUTION_POINTS), "distribution_points"),
    "a CRL for a one-time certificate": ("signer-aes-one-time", points(HTTP), "distribution_points"),
    "no information access": (
        "signer-aes",
        without(ExtensionOID.AUTHORITY_INFORMATION_ACCESS),
        "information_access",
    ),
    "no responder": ("signer-aes", access(issuer=HTTP), "information_access"),
    "no issuer's certificate": ("signer-aes", access(ocsp=HTTP), "information_access"),
    "a responder for a CA": ("ca-aes", access(issuer=HTTP, ocsp=HTTP), "information_access"),
    "validity assured for two years": (
        "signer-aes",
        having(Extension(VALIDITY_ASSURED, False, b"\x05\x00")),
        "validity_assured",
    ),
    "validity not assured for minutes": (
        "signer-aes-one-time",
        without(VALIDITY_ASSURED),
        "validity_assured",
    ),
    "an extension twice": ("signer-aes", duplicated, "extensions_once"),
    "a root with a path length": (
        "root",
        put(x509.BasicConstraints(ca=True, path_length=3), critical=True),
        "basic_constraints",
    ),
}


@pytest.mark.filterwarnings("ignore:Attribute's length", "ignore:Parsed a serial number")
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_certificate_is_stopped(what: str) -> None:
    profile, broken, rule = BROKEN[what]
    made, issuer = stock.template(profile)
    prepare(made, issuer)
    with pytest.raises(ProfileViolation) as stopped:
        prepare(broken(made), issuer)
    found = {finding.rule for finding in stopped.value.findings}
    assert rule in found, stopped.value.message
    assert all(finding.clause and finding.said for finding in stopped.value.findings)


def test_all_that_is_wrong_is_told_at_once() -> None:
    made, issuer = stock.template("signer-qes")
    worse = without(POLICIES)(usage("digital_signature")(replace(made, serial=5)))
    with pytest.raises(ProfileViolation) as stopped:
        prepare(worse, issuer)
    assert {"policy", "key_usage", "serial_number"} <= {each.rule for each in stopped.value.findings}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_certificate_of_one_profile_is_none_of_another(profile: str) -> None:
    made, issuer = stock.template(profile)
    alike = {"ca-aes", "ca-seal", "ca-tsa"}  # but for their names
    for other in PROFILES.keys() - {profile}:
        if {profile, other} <= alike:
            continue
        with pytest.raises(ProfileViolation):
            prepare(replace(made, profile=other), issuer)


def test_a_token_is_good_for_one_certificate() -> None:
    made, issuer = stock.template("signer-aes")
    prepared = prepare(made, issuer)
    issue(prepared)
    with pytest.raises(NotPrepared):
        issue(prepared)


def test_a_token_cannot_be_made_up() -> None:
    made, issuer = stock.template("signer-aes")
    prepared = prepare(made, issuer)
    with pytest.raises(NotPrepared):
        issue(Prepared())
    with pytest.raises(NotPrepared):
        issue(copy.copy(prepared))
    with pytest.raises(NotPrepared):
        issue(copy.deepcopy(prepared))
    with pytest.raises(NotPrepared):
        issue(pickle.loads(pickle.dumps(prepared)))
    with pytest.raises(AttributeError):
        prepared.template = made  # type: ignore[attr-defined]
    issue(prepared)


def test_a_key_that_is_not_the_issuers_issues_nothing() -> None:
    made, issuer = stock.template("signer-aes")
    thief = replace(issuer, key=ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ProfileViolation) as stopped:
        issue(prepare(made, thief))
    assert stopped.value.findings[0].rule == "issued"
