"""Users' credentials: key, certificate, PIN and OTP; kept in the QTSP's folder."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from qsignhub.sandbox_qtsp.authority import Authority, UserCaRole
from qsignhub.sandbox_qtsp.files import write_private

KeyKind: TypeAlias = Literal["P-256", "P-384", "RSA-3072"]
AuthMode: TypeAlias = Literal["explicit", "oauth2code", "implicit"]
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KEY_KINDS: tuple[KeyKind, ...] = get_args(KeyKind)
AUTH_MODES: tuple[AuthMode, ...] = get_args(AuthMode)
MAX_ATTEMPTS = 3
ONLINE = "online"
NO_OTP = "none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A user to be: ``otp`` is ``none``, ``online`` (sent to the outbox) or a fixed code.

    ``seal``: an organisation, which is never a qualified user.
    """

    user_id: str
    name: str
    country: str
    pin: str
    otp: str = NO_OTP
    auth_mode: AuthMode = "explicit"
    key: KeyKind = "P-256"
    qualified: bool = True
    seal: bool = False

    @property
    def ca(self) -> UserCaRole:
        """Which of the CAs certifies them."""
        if self.seal:
            return "ca-seal"
        return "ca-qes" if self.qualified else "ca-aes"


@dataclass(slots=True)
class Credential:
    id: str
    user: Wanted
    key: PrivateKey
    certificate: bytes
    expired_certificate: bytes
    """On the same key, for the failure ``expired``."""
    attempts_left: int = MAX_ATTEMPTS
    sent_otp: str | None = field(default=None, repr=False)
    turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """Held while PIN and code are looked at: guesses are counted one by one."""

    @property
    def locked(self) -> bool:
        return self.attempts_left <= 0

    @property
    def needs_otp(self) -> bool:
        return self.user.otp != NO_OTP

    def loaded(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.certificate)

    def pin_is(self, pin: str) -> bool:
        """Counts a wrong one: after three, of PIN and OTP together, the credential is locked."""
        right = hmac.compare_digest(pin.encode(), self.user.pin.encode())
        if not right:
            self.attempts_left -= 1
        return right

    def otp_is(self, otp: str) -> bool:
        """A code that was sent works once."""
        expected = self.sent_otp if self.user.otp == ONLINE else self.user.otp
        if expected is None:
            return False
        right = hmac.compare_digest(otp.encode(), expected.encode())
        if right:
            self.sent_otp = None
        else:
            self.attempts_left -= 1
        return right

    def activated(self) -> None:
        """All that was asked for was right: counting begins anew."""
        self.attempts_left = MAX_ATTEMPTS

    def send_otp(self) -> str:
        self.sent_otp = f"{secrets.randbelow(1_000_000):06d}"
        return self.sent_otp


class Credentials:
    def __init__(self, folder: Path, authority: Authority) -> None:
        self._folder = folder / "credentials"
        self._authority = authority
        self._by_id = {found.id: found for found in map(_load, sorted(self._folder.glob("*.json")))}

    def add(self, wanted: Wanted) -> Credential:
        """Makes a key and its certificate; a user may have several credentials. Raises SubjectRefused."""
        key = _generate(wanted.key)
        of = (wanted.user_id, wanted.name, wanted.country, key.public_key(), wanted.ca)
        credential = Credential(
            id=secrets.token_hex(8).upper(),
            user=wanted,
            key=key,
            certificate=self._authority.issue(*of),
            expired_certificate=self._authority.issue_expired(*of),
        )
        write_private(self._folder / f"{len(self._by_id):06d}-{credential.id}.json", _dump(credential))
        self._by_id[credential.id] = credential
        return credential

    def get(self, identifier: str) -> Credential | None:
        return self._by_id.get(identifier)

    def of_user(self, user_id: str) -> list[Credential]:
        return [one for one in self._by_id.values() if one.user.user_id == user_id]

    def all(self) -> list[Credential]:
        return list(self._by_id.values())


def _generate(kind: KeyKind) -> PrivateKey:
    if kind == "RSA-3072":
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP256R1() if kind == "P-256" else ec.SECP384R1())


def _dump(credential: Credential) -> bytes:
    encoded = credential.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    content = {
        "id": credential.id,
        "user": asdict(credential.user),
        "key": encoded.decode(),
        "certificate": base64.b64encode(credential.certificate).decode(),
        "expired_certificate": base64.b64encode(credential.expired_certificate).decode(),
    }
    return json.dumps(content, indent=1).encode()


def _load(file: Path) -> Credential:
    content = json.loads(file.read_text())
    return Credential(
        id=content["id"],
        user=Wanted(**content["user"]),
        key=cast("PrivateKey", load_pem_private_key(content["key"].encode(), None)),
        certificate=base64.b64decode(content["certificate"]),
        expired_certificate=base64.b64decode(content["expired_certificate"]),
    )
