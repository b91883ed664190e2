"""A real mail server on loopback that takes mail and keeps it; told so, it misbehaves."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as RFC5322
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@dataclass
class MailSink:
    """What was taken, and how it answers: ``answers`` by command, e.g. ``{"RCPT": "450 4.7.1 later"}``."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[str | None] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    """Who gave a password, right or wrong."""
    answers: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    """Commands that it never answers."""
    hangs_up: set[str] = field(default_factory=set)
    """Commands at which it cuts the connection; ``AFTER`` is after it has taken the mail."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def _turn(self, command: str, server: SMTP) -> str | None:
        if command in self.hangs_up:
            _transport(server).abort()
            await asyncio.sleep(3600)
        if command in self.slow:
            await asyncio.sleep(3600)
        return self.answers.get(command)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self._turn("MAIL", server):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self._turn("RCPT", server):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := await self._turn("DATA", server):
            return refusal
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=RFC5322)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append(envelope)
        self.encrypted.append(
            session.ssl is not None or _transport(server).get_extra_info("sslcontext") is not None
        )
        self.signed_in.append(_login(session))
        self.arrived.set()
        await self._turn("AFTER", server)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._turn("QUIT", server)
        return "221 Bye"


def _transport(server: SMTP) -> asyncio.Transport:
    assert isinstance(server.transport, asyncio.Transport)
    return server.transport


def _login(session: Session) -> str | None:
    given: object = session.auth_data
    return given.login.decode() if session.authenticated and isinstance(given, LoginPassword) else None


@asynccontextmanager
async def mail_sink(
    *,
    tls: ssl.SSLContext | None = None,
    tls_at_once: bool = False,
    password_of: Mapping[str, str] | None = None,
    port: int = 0,
    utf8: bool = True,
) -> AsyncIterator[MailSink]:
    """``tls``: STARTTLS is offered, or spoken ``tls_at_once``. ``password_of``: nobody else may send; without
    ``tls`` the server takes passwords in the clear.
    """
    sink = MailSink()
    connections: list[SMTP] = []

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        sink.tried.append(given.login.decode())
        expected = (password_of or {}).get(given.login.decode())
        return AuthResult(success=given.password.decode() == expected, handled=False, auth_data=given)

    def connection() -> SMTP:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS", UserWarning)
            spoken = make()
        connections.append(spoken)
        return spoken

    def make() -> SMTP:
        return SMTP(
            sink,
            hostname="sink.example",
            enable_SMTPUTF8=utf8,
            tls_context=None if tls_at_once else tls,
            require_starttls=False,
            auth_required=password_of is not None,
            authenticator=authenticate if password_of is not None else None,
            auth_require_tls=tls is not None and not tls_at_once,
        )

    server = await asyncio.get_running_loop().create_server(
        connection, "127.0.0.1", port, ssl=tls if tls_at_once else None
    )
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        tasks = [task for task in (spoken._handler_coroutine for spoken in connections) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for spoken in connections:
            if spoken.transport is not None:
                _transport(spoken).abort()
        await server.wait_closed()


def self_made_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS by a CA of our own for ``localhost``, and that CA's certificate in a PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mail sink CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    ca, private = folder / "mail-ca.pem", folder / "mail-key.pem"
    ca.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(ca, private)
    return server, ca
