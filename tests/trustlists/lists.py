"""A small PKI and lists that name it; each test changes the one thing that it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from qsignhub.trustlists import uris
from qsignhub.trustlists.model import Qualification, Service, ServiceState, TrustedList
from qsignhub.trustlists.writer import write_trusted_list

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ISSUED = NOW - timedelta(days=30)
COMPLIANCE, DEVICE, TYPE = "0.4.0.1862.1.1", "0.4.0.1862.1.4", "0.4.0.1862.1.6"
ESIGN, ESEAL = "0.4.0.1862.1.6.1", "0.4.0.1862.1.6.2"
URL = "http://127.0.0.1/tl.xml"


class _Oids(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.ObjectIdentifier


class _Statement(core.Sequence):  # type: ignore[misc]
    _fields = [("id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]  # noqa: RUF012


class _Statements(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Statement


def qc_statements(*oids: str, types: tuple[str, ...] = ()) -> bytes:
    found = [_Statement({"id": oid}) for oid in oids]
    if types:
        found.append(_Statement({"id": TYPE, "info": _Oids(list(types))}))
    return bytes(_Statements(found).dump())


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[str, ec.EllipticCurvePrivateKey] | None = None,
    *,
    statements: bytes | None = None,
    policies: tuple[str, ...] = (),
    since: datetime = ISSUED,
    key_usage: bool = True,
) -> bytes:
    signer_name, signer_key = issuer or (name, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(signer_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=3650))
    )
    if key_usage:
        usage = x509.KeyUsage(False, True, False, False, False, False, False, False, False)
        builder = builder.add_extension(usage, critical=True)
    if statements is not None:
        oid = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, statements), critical=False)
    if policies:
        infos = [x509.PolicyInformation(x509.ObjectIdentifier(one), None) for one in policies]
        builder = builder.add_extension(x509.CertificatePolicies(infos), critical=False)
    return builder.sign(signer_key, hashes.SHA256()).public_bytes(Encoding.DER)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )


CA_KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER_KEY = ec.generate_private_key(ec.SECP256R1())
LIST_KEY = ec.generate_private_key(ec.SECP256R1())
CA = certificate("CA", CA_KEY, since=datetime(2010, 1, 1, tzinfo=UTC))
LIST_SIGNER = certificate("List signer", LIST_KEY)
QUALIFIED = qc_statements(COMPLIANCE, DEVICE, types=(ESIGN,))


def signer(
    statements: bytes | None = QUALIFIED, policies: tuple[str, ...] = (), since: datetime = ISSUED
) -> bytes:
    return certificate(
        "Anna", SIGNER_KEY, ("CA", CA_KEY), statements=statements, policies=policies, since=since
    )


@dataclass
class Listed:
    """A CA/QC service, granted for signatures since 2017, unless something else is said."""

    type: str = uris.CA_QC
    status: str = uris.GRANTED
    since: datetime = datetime(2017, 1, 1, tzinfo=UTC)
    informations: frozenset[str] = frozenset({uris.FOR_ESIGNATURES})
    qualifications: tuple[Qualification, ...] = ()
    history: tuple[ServiceState, ...] = ()
    certificates: tuple[bytes, ...] = field(default_factory=lambda: (CA,))

    def service(self) -> Service:
        state = ServiceState(self.type, self.status, self.since, self.informations, self.qualifications)
        return Service("The CA", "The provider", self.certificates, state, self.history)


def listing(
    *services: Service, version: int = 6, issued_at: datetime = NOW, next_update: datetime | None = None
) -> TrustedList:
    return TrustedList(
        version=version,
        territory="BE",
        operator="The operator",
        sequence_number=7,
        issued_at=issued_at,
        next_update=next_update or issued_at + timedelta(days=90),
        services=services,
    )


def written(content: TrustedList, key: ec.EllipticCurvePrivateKey = LIST_KEY) -> bytes:
    return write_trusted_list(content, key=key, certificate=LIST_SIGNER, url=URL, notice="For tests.")
