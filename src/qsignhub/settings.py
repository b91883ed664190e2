"""Every knob, read from the environment as ``QSIGNHUB_*``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from qsignhub.foundation import logs
from qsignhub.foundation.errors import Invalid, Unavailable
from qsignhub.foundation.logs import LogFormat
from qsignhub.foundation.sealing import MasterKey
from qsignhub.notifications.mail_server import MailServer, sender_address


class DatabaseUrlMissing(Unavailable):
    code = "DATABASE_URL_MISSING"


class HsmNotConfigured(Invalid):
    code = "HSM_NOT_CONFIGURED"


@dataclass(frozen=True, slots=True)
class Hsm:
    """A token of a PKCS#11 library, and its user's PIN."""

    module: Path
    token: str
    pin: str = field(repr=False)
    sessions: int = 4


class Settings(BaseSettings):
    """What an operator can set. Each field's description is what ``qsignhub settings`` prints."""

    model_config = SettingsConfigDict(env_prefix="QSIGNHUB_", extra="ignore")

    data_dir: Path = Field(
        default=Path(".qsignhub"), description="Folder for the database, documents and keys of one machine."
    )
    database_url: str | None = Field(
        default=None,
        description="A PostgreSQL server (postgresql://... or a conninfo). Unset: the embedded engine.",
    )
    storage_url: str | None = Field(
        default=None,
        description="Document storage: file:///folder or s3://bucket/prefix. Unset: DATA_DIR/blobs.",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8080",
        description="The URL under which the service is reached; it stands in links and certificates.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses of proxies whose X-Forwarded-For is believed, separated by commas; * for all.",
    )
    files_url: str | None = Field(
        default=None,
        description="The URL of previews and signed files, if it is another one. Unset: BASE_URL.",
    )
    signing_url: str | None = Field(
        default=None,
        description="The URL of the signing pages, if it is another one. Unset: BASE_URL.",
    )
    docs_url: str | None = Field(
        default=None,
        description="The documentation; error codes are at DOCS_URL/errors/CODE. Unset: BASE_URL/docs.",
    )
    master_key: str | None = Field(
        default=None,
        description="32 bytes as 64 hexadecimal digits; seals every key at rest. Unset: DATA_DIR/master.key.",
    )
    smtp_url: str | None = Field(
        default=None,
        description="The mail server: smtp://user:password@host:587 (STARTTLS where offered) or smtps://...",
    )
    mail_from: str = Field(
        default="QSignHub <no-reply@localhost>", description="The sender of invitations and reminders."
    )
    trust_file: Path | None = Field(
        default=None,
        description="TOML file with the live trust services. Unset: live signatures are refused.",
    )
    ntp_servers: str | None = Field(
        default=None,
        description="NTP servers that the timestamp authority's clock is held against, separated by commas.",
    )
    revocation_grace: float = Field(
        default=600,
        ge=5,
        le=86_400,
        description="Longest pause, in seconds, between questions for a status newer than a signature.",
    )
    archive_margin_days: int = Field(
        default=60,
        ge=1,
        le=730,
        description="Days before the end of a file's last archive timestamp at which it gets another.",
    )
    sandbox_keys: Literal["software", "pkcs11"] = Field(
        default="software", description="Where the test world's signing keys live: software or pkcs11."
    )
    pkcs11_module: Path | None = Field(
        default=None, description="The PKCS#11 library of the HSM, e.g. /usr/lib/softhsm/libsofthsm2.so."
    )
    pkcs11_token: str | None = Field(default=None, description="The label of the HSM's token.")
    pkcs11_pin: str | None = Field(default=None, description="The user PIN of the HSM's token.")
    pkcs11_pin_file: Path | None = Field(
        default=None, description="A file that holds the PIN, instead of QSIGNHUB_PKCS11_PIN."
    )
    pkcs11_sessions: int = Field(
        default=4, ge=1, le=64, description="Sessions that each process opens with the HSM, for signatures."
    )
    metrics_token: str | None = Field(
        default=None,
        description="Bearer token that /metrics asks for. Unset: /metrics answers to this machine alone.",
    )
    webhook_allow_private: bool = Field(
        default=False,
        description="Lets webhooks go to loopback and private addresses, by plain HTTP too; to develop.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes that `qsignhub serve` starts.")
    worker_concurrency: int = Field(default=8, ge=2, le=64, description="Jobs that one worker runs at once.")
    job_lease_seconds: float = Field(
        default=20,
        ge=1,
        le=600,
        description="How long after its last heartbeat a dead worker's job is retaken.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_format: LogFormat = Field(
        default="auto", description="json, text, or auto: text on a terminal, else JSON lines."
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @property
    def job_lease(self) -> timedelta:
        return timedelta(seconds=self.job_lease_seconds)

    @property
    def longest_status_pause(self) -> timedelta:
        return timedelta(seconds=self.revocation_grace)

    @property
    def archive_margin(self) -> timedelta:
        return timedelta(days=self.archive_margin_days)

    @property
    def spool_dir(self) -> Path:
        """For files on their way: uploads, revisions being made."""
        return self.data_dir / "spool"

    @property
    def files_base(self) -> str:
        return (self.files_url or self.base_url).rstrip("/")

    @property
    def signing_base(self) -> str:
        return (self.signing_url or self.base_url).rstrip("/")

    @property
    def docs_base(self) -> str:
        return (self.docs_url or f"{self.base_url.rstrip('/')}/docs").rstrip("/")

    def checked(self) -> Self:
        """Itself, if every setting that is spelled in a form of its own can be read.

        For commands that start processes: a mistake is told at once, in a line. Raises MailServerUrlInvalid.
        """
        if self.smtp_url is not None:
            MailServer.from_url(self.smtp_url)
        sender_address(self.mail_from)
        return self

    def configure_logging(self) -> None:
        """Log lines of this process, see ``foundation/logs.py``."""
        logs.configure(self.log_level, self.log_format)

    def required_database_url(self) -> str:
        """For the parts that run beside others: they never start an engine of their own."""
        if self.database_url is None:
            raise DatabaseUrlMissing(
                "Set QSIGNHUB_DATABASE_URL: `qsignhub api` and `qsignhub worker` share a database server. "
                "For everything on one machine use `qsignhub serve`."
            )
        return self.database_url

    @property
    def ntp_references(self) -> list[str]:
        return [server.strip() for server in (self.ntp_servers or "").split(",") if server.strip()]

    def required_hsm(self) -> Hsm:
        """Raises HsmNotConfigured, which says what is missing."""
        pin = self.pkcs11_pin
        if pin is None and self.pkcs11_pin_file is not None:
            try:
                pin = self.pkcs11_pin_file.read_text(encoding="utf-8").strip()
            except OSError as exc:
                raise HsmNotConfigured(f"The file of the HSM's PIN cannot be read: {exc.strerror}.") from None
        if self.pkcs11_module is None or self.pkcs11_token is None or not pin:
            raise HsmNotConfigured(
                "Keys in an HSM need QSIGNHUB_PKCS11_MODULE, QSIGNHUB_PKCS11_TOKEN and QSIGNHUB_PKCS11_PIN "
                "(or QSIGNHUB_PKCS11_PIN_FILE)."
            )
        return Hsm(self.pkcs11_module, self.pkcs11_token, pin, self.pkcs11_sessions)

    def open_master_key(self) -> MasterKey:
        """The key that seals all others; made, with mode 0600, on the first start."""
        if self.master_key is not None:
            return MasterKey.from_hex(self.master_key)
        return MasterKey.from_file(self.data_dir / "master.key")

    @property
    def blobs_url(self) -> str:
        return self.storage_url or (self.data_dir.resolve() / "blobs").as_uri()
