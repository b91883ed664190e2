"""One sandbox QTSP: all that its routes share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.foundation.clock import Clock, SystemClock, iso
from qsignhub.foundation.errors import Invalid
from qsignhub.sandbox_qtsp.authorisations import Authorisations
from qsignhub.sandbox_qtsp.authority import Authority
from qsignhub.sandbox_qtsp.credentials import Credential, Credentials, Wanted
from qsignhub.sandbox_qtsp.failures import Failures
from qsignhub.sandbox_qtsp.files import load_or_make_text

CLIENT_ID = "qsignhub"
DEFAULT_USERS = (
    Wanted("anna@example.com", "Anna Kowalska", "PL", pin="123456"),
    Wanted("bruno@example.com", "Bruno Maes", "BE", pin="654321", otp="online"),
)
_MOST_MESSAGES = 1000


@dataclass(frozen=True, slots=True)
class Message:
    at: datetime
    user_id: str
    credential_id: str
    code: str

    def shown(self) -> dict[str, str]:
        return {
            "at": iso(self.at),
            "user_id": self.user_id,
            "credential_id": self.credential_id,
            "code": self.code,
        }


@dataclass(slots=True)
class Qtsp:
    name: str
    base_url: str
    authority: Authority
    credentials: Credentials
    authorisations: Authorisations
    failures: Failures
    clock: Clock
    client_id: str
    client_secret: str = field(repr=False)
    wrong_key: ec.EllipticCurvePrivateKey = field(repr=False)
    """Nobody's key, for signatures that are to be wrong."""
    outbox: list[Message] = field(default_factory=list)

    def send_otp(self, credential: Credential) -> None:
        code = credential.send_otp()
        self.outbox.append(Message(self.clock.now(), credential.user.user_id, credential.id, code))
        del self.outbox[:-_MOST_MESSAGES]


def open_qtsp(folder: Path, name: str, base_url: str, clock: Clock | None = None) -> Qtsp:
    """What is in the folder is taken up again; a new QTSP begins with two users.

    Raises Invalid where the folder has a QTSP of another name.
    """
    clock = clock or SystemClock()
    kept = load_or_make_text(folder / "name", name)
    if kept != name:
        raise Invalid(f"This folder is that of the QTSP {kept}, not of {name}: take another --data-dir.")
    authority = Authority(folder, name, base_url, clock)
    credentials = Credentials(folder, authority)
    if not credentials.all():
        for wanted in DEFAULT_USERS:
            credentials.add(wanted)
    return Qtsp(
        name=name,
        base_url=base_url,
        authority=authority,
        credentials=credentials,
        authorisations=Authorisations(clock),
        failures=Failures(),
        clock=clock,
        client_id=CLIENT_ID,
        client_secret=load_or_make_text(folder / "client-secret", secrets.token_urlsafe(24)),
        wrong_key=ec.generate_private_key(ec.SECP256R1()),
    )
