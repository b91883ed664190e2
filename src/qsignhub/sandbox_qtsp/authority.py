"""The QTSP's own CAs with their OCSP responders, CRLs and TSA, after the house's profiles; kept in a folder.

Root ─┬─ QES CA ── qualified signers        ├─ each CA has an OCSP responder
      ├─ AES CA ── the other signers        │
      └─ TSA CA ── the TSA                  │
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.authority import profiles
from qsignhub.authority.issuance import issue, prepare
from qsignhub.authority.names import AuthorityNames, LegalPerson, Subject, natural_identifier
from qsignhub.authority.template import Issuer, Template, signed
from qsignhub.authority.urls import Urls
from qsignhub.foundation.clock import Clock
from qsignhub.revocation.crl import RevokedCertificate, build_crl
from qsignhub.revocation.model import CertificateStatus, Reason
from qsignhub.revocation.responder import OcspResponder
from qsignhub.sandbox_qtsp.files import load_or_make_key, write_private
from qsignhub.sandbox_qtsp.list_signer import list_signer
from qsignhub.timestamping.responder import TimestampResponder

CaRole: TypeAlias = Literal["ca-qes", "ca-aes", "ca-seal", "ca-tsa"]
AnyCaRole: TypeAlias = Literal["root", "ca-qes", "ca-aes", "ca-seal", "ca-tsa"]
UserCaRole: TypeAlias = Literal["ca-qes", "ca-aes", "ca-seal"]
CA_ROLES: Final[tuple[CaRole, ...]] = ("ca-qes", "ca-aes", "ca-seal", "ca-tsa")
POLICY: Final = "0.4.0.2023.1.1"  # BTSP, EN 319 421 clause 5.2
TERRITORY: Final = "BE"
CRL_LIFETIME = timedelta(days=7)
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Authority:
    """Opened on a folder: what is there is kept, what is not there is made.

    Keys, the root and the list's signer stay for good; what carries URLs is issued anew, on the same keys,
    where the URL is another one.
    """

    def __init__(self, folder: Path, name: str, base_url: str, clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.base_url = base_url
        self._urls = Urls(base_url, path="")
        self._names = AuthorityNames(
            name="sandbox-qtsp",
            organization=f"QSignHub Sandbox {name}",
            brand=f"QSignHub {name}",
            country=TERRITORY,
            organization_identifier=f"NTR{TERRITORY}-0000000000",
            mark="SANDBOX",
            marks_signers=True,
        )
        self._folder = folder
        self._revoked = self._load_revoked()
        now = clock.now()
        root_key = self.key("root")
        self.root = self._own(
            "root", lambda: issue(prepare(profiles.root(self._names, root_key, now), root_key)).parsed
        )
        self.list_signer = self._own(
            "tl-signer", lambda: list_signer(self._names, self.key("tl-signer"), now)
        )
        self._root = Issuer(self.root, root_key)
        self.issuers = {role: Issuer(self._ca(role, now), self.key(role)) for role in CA_ROLES}
        self.responders = {role: self._responder(role, now) for role in CA_ROLES}
        self.tsa = self._of_url(
            "tsa",
            "ca-tsa",
            lambda issuer: profiles.timestamp_authority(
                self._names, self.key("tsa").public_key(), issuer, self._urls, now
            ),
        )

    def key(self, role: str) -> ec.EllipticCurvePrivateKey:
        return load_or_make_key(self._folder / "keys" / f"{role}.pem")

    def chain(self, role: CaRole) -> tuple[bytes, bytes]:
        """The certificates of an issuing CA and of the root, DER."""
        return self.issuers[role].der, der(self.root)

    def issue(self, user_id: str, name: str, country: str, key: PublicKey, role: UserCaRole) -> bytes:
        """A user's certificate, DER, valid for two years. Raises SubjectRefused, ProfileViolation."""
        template = self._user(user_id, name, country, key, role)
        issued = issue(prepare(template, self.issuers[role]))
        self._record(issued.parsed, role)
        return issued.certificate

    def issue_expired(self, user_id: str, name: str, country: str, key: PublicKey, role: UserCaRole) -> bytes:
        """One that ended yesterday, for tests: the CA's own check would not let it pass."""
        issuer = self.issuers[role]
        template = self._user(user_id, name, country, key, role)
        end = self.clock.now().replace(microsecond=0) - timedelta(days=1)
        template = replace(template, not_before=end - profiles.LONG_LIFETIME, not_after=end)
        certificate = signed(template.to_be_signed(), issuer.algorithm, issuer.key)
        self._record(x509.load_der_x509_certificate(certificate), role)
        return certificate

    def revoke(self, serial: int) -> None:
        """Irreversible: the first revocation stands."""
        self._revoked.setdefault(serial, self.clock.now().replace(microsecond=0))
        content = {f"{number:x}": moment.isoformat() for number, moment in self._revoked.items()}
        write_private(self._folder / "revoked.json", json.dumps(content).encode())

    def status_of(self, serial: int, by: CaRole) -> CertificateStatus:
        """What a CA never issued is unknown."""
        if not self._issued(serial, by).exists():
            return CertificateStatus.unknown()
        since = self._revoked.get(serial)
        return CertificateStatus.good() if since is None else _revoked(since)

    def ocsp_responder(
        self, role: CaRole, clock: Clock, signing_key: ec.EllipticCurvePrivateKey | None = None
    ) -> OcspResponder:
        """``signing_key`` instead of the responder's own, for answers that are to be wrong."""
        return OcspResponder(
            issuer=self.issuers[role].der,
            certificate=der(self.responders[role]),
            sign=signs_with(signing_key or self.key(f"ocsp-{role}")),
            clock=clock,
            archive_cutoff=self.issuers[role].certificate.not_valid_before_utc,
        )

    def timestamp_responder(
        self, clock: Clock, signing_key: ec.EllipticCurvePrivateKey | None = None
    ) -> TimestampResponder:
        return TimestampResponder(
            certificate=der(self.tsa),
            chain=[self.issuers["ca-tsa"].der],
            sign=signs_with(signing_key or self.key("tsa")),
            policy=POLICY,
            clock=clock,
        )

    def crl(
        self,
        role: CaRole | Literal["root"],
        at: datetime,
        signing_key: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        """``at`` is the list's thisUpdate."""
        issuer = self._root if role == "root" else self.issuers[role]
        revoked = [one for one in self._revoked.items() if self._issued(one[0], role).exists()]
        return build_crl(
            issuer=issuer.der,
            sign=signs_with(signing_key or issuer.key),
            revoked=[RevokedCertificate(serial, since, Reason.KEY_COMPROMISE) for serial, since in revoked],
            number=int(at.timestamp()),
            this_update=at,
            next_update=at + CRL_LIFETIME,
            kept_since=issuer.certificate.not_valid_before_utc,
        )

    def _user(self, user_id: str, name: str, country: str, key: PublicKey, role: UserCaRole) -> Template:
        number = hashlib.sha256(user_id.encode()).hexdigest()[:12].upper()
        issuer, now = self.issuers[role], self.clock.now()
        if role == "ca-seal":
            organisation = LegalPerson(name, country, f"NTR{country}-{number}")
            return profiles.seal(self._names, key, organisation, issuer, self._urls, now)
        person = Subject(name, country, identifier=natural_identifier("PNO", country, number))
        profile: profiles.SignerProfile = "signer-qes" if role == "ca-qes" else "signer-aes"
        return profiles.signer(profile, self._names, key, person, issuer, self._urls, now)

    def _ca(self, role: CaRole, now: datetime) -> x509.Certificate:
        return self._of_url(
            role,
            "root",
            lambda issuer: profiles.certification_authority(
                role, self._names, self.key(role).public_key(), issuer, self._urls, now
            ),
        )

    def _responder(self, role: CaRole, now: datetime) -> x509.Certificate:
        return self._of_url(
            f"ocsp-{role}",
            role,
            lambda issuer: profiles.ocsp_responder(
                role, self._names, self.key(f"ocsp-{role}").public_key(), issuer, self._urls, now
            ),
        )

    def _of_url(self, name: str, by: AnyCaRole, make: Callable[[Issuer], Template]) -> x509.Certificate:
        issuer = self._root if by == "root" else self.issuers[by]
        digest = hashlib.sha256(self.base_url.encode()).hexdigest()[:8]
        found = self._own(f"{name}-{digest}", lambda: issue(prepare(make(issuer), issuer)).parsed)
        self._record(found, by)
        return found

    def _own(self, name: str, make: Callable[[], x509.Certificate]) -> x509.Certificate:
        file = self._folder / f"{name}.crt"
        if not file.exists():
            write_private(file, make().public_bytes(Encoding.PEM))
        return x509.load_pem_x509_certificate(file.read_bytes())

    def _record(self, certificate: x509.Certificate, by: AnyCaRole) -> None:
        file = self._issued(certificate.serial_number, by)
        if not file.exists():
            write_private(file, certificate.public_bytes(Encoding.PEM))

    def _issued(self, serial: int, by: AnyCaRole) -> Path:
        return self._folder / "issued" / by / f"{serial:x}.crt"

    def _load_revoked(self) -> dict[int, datetime]:
        file = self._folder / "revoked.json"
        content = json.loads(file.read_text()) if file.exists() else {}
        return {int(serial, 16): datetime.fromisoformat(moment) for serial, moment in content.items()}


def signs_with(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """ECDSA with SHA-256, DER."""
    return lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _revoked(since: datetime) -> CertificateStatus:
    return CertificateStatus.revoked(since, Reason.KEY_COMPROMISE)
