"""The operator's file of live trust services (TOML): who signs what, for whom, and with which timestamps.

Mistakes are told with their place in the file; nothing is guessed and nothing falls back to the sandbox.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from qsignhub.foundation.errors import Invalid
from qsignhub.signature_requests.model import SignatureType

ServiceName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Country: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Url: TypeAlias = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$")]
_RESERVED = "sandbox"
_OF_THE_SANDBOX = frozenset({"ocsp", "tsa", "root", "issuing"})


class TrustFileInvalid(Invalid):
    code = "TRUST_FILE_INVALID"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Served(_Table):
    """What is reached by HTTP, at a place that the operator names."""

    allow_private: bool = False
    """Lets it be at a loopback or private address, by plain http too."""
    timeout_seconds: float = Field(default=10, ge=0.1, le=120)


def _pairs(table: _Table, *pairs: tuple[str, str]) -> None:
    for name, secret in pairs:
        if (getattr(table, name) is None) != (getattr(table, secret) is None):
            raise ValueError(f"{name} and {secret} belong together")


class TimestampAuthorityTable(_Served):
    name: ServiceName
    url: Url
    policy: str | None = Field(default=None, pattern=r"^\d+(\.\d+)+$")
    anchors: tuple[str, ...] = Field(min_length=1)
    username: str | None = None
    password: SecretStr | None = None
    bearer: SecretStr | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        _pairs(self, ("username", "password"))
        if self.bearer is not None and self.username is not None:
            raise ValueError("give either a bearer token, or username and password")
        return self


class TrustedListTable(_Served):
    """``signers``: certificates (PEM files) of those who may sign the list."""

    url: Url | None = None
    path: str | None = None
    signers: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) == (self.path is None):
            raise ValueError("give either url or path")
        return self


class _Routed(_Served):
    name: ServiceName
    signature_types: frozenset[SignatureType] = Field(min_length=1)
    countries: frozenset[Country] = frozenset()
    accounts: frozenset[str] = frozenset()
    timestamps: tuple[ServiceName, ...] = ()

    @model_validator(mode="after")
    def _not_the_sandbox(self) -> Self:
        if self.name == _RESERVED:
            raise ValueError(f"{_RESERVED} is the name of the test world's service")
        return self


class CscTable(_Routed):
    """A remote QTSP that speaks the CSC API."""

    kind: Literal["csc"]
    anchors: tuple[str, ...] = Field(min_length=1)
    url: Url
    version: Literal["1", "1.0.4", "2"] = "2"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    bearer: SecretStr | None = None
    user_id: Literal["email", "phone"] = "email"
    seal: str | None = Field(default=None, min_length=1, max_length=255)
    """The credentialID with which simple signatures are sealed."""
    identifies_signers: bool = True
    allow_rsa_2048: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.timestamps:
            raise ValueError("timestamps: name at least one timestamp_authority")
        if "ses" in self.signature_types and self.seal is None:
            raise ValueError("seal: simple signatures (ses) need the id of a credential to seal with")
        if self.seal is not None and "ses" not in self.signature_types:
            raise ValueError("seal: it is for simple signatures, and signature_types has no ses")
        _pairs(self, ("client_id", "client_secret"), ("username", "password"))
        if sum(one is not None for one in (self.client_id, self.username, self.bearer)) > 1:
            raise ValueError("give one of client_id, username and bearer, each with what belongs to it")
        return self


class AuthorityTable(_Routed):
    """A certification authority of the operator's own, built in. Never for qualified signatures.

    Without ``timestamps`` its own timestamp authority is used.
    """

    kind: Literal["authority"]
    organization: str = Field(min_length=1, max_length=64)
    organization_identifier: str = Field(pattern=r"^(VAT|NTR|PSD|LEI)[A-Z]{2}-.{1,50}$")
    country: Country
    keys: Literal["software", "pkcs11"] = "software"
    key_algorithm: Literal["ES256", "ES384", "RS256", "PS256"] = "ES256"
    identifies_signers: bool = False

    @model_validator(mode="after")
    def _not_qualified(self) -> Self:
        if self.name in _OF_THE_SANDBOX or self.name.startswith("ca-"):
            raise ValueError(f"name: {self.name} is an address of the sandbox's authority")
        if "qes" in self.signature_types:
            raise ValueError("signature_types: an authority of one's own makes no qualified signatures")
        return self


ServiceTable: TypeAlias = Annotated[CscTable | AuthorityTable, Field(discriminator="kind")]


class TrustFile(_Table):
    trust_service: tuple[ServiceTable, ...] = Field(min_length=1)
    timestamp_authority: tuple[TimestampAuthorityTable, ...] = ()
    trusted_list: tuple[TrustedListTable, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = [table.name for table in self.timestamp_authority]
        for names, what in (
            ([table.name for table in self.trust_service], "trust_service"),
            (known, "timestamp_authority"),
        ):
            if twice := {name for name in names if names.count(name) > 1}:
                raise ValueError(f"{what}: the name {min(twice)} is there twice")
        places = [table.url or table.path for table in self.trusted_list]
        if len(set(places)) < len(places):
            raise ValueError("trusted_list: the same list is there twice")
        for table in self.trust_service:
            if unknown := set(table.timestamps) - set(known):
                raise ValueError(
                    f"trust_service {table.name}: there is no timestamp_authority {min(unknown)}"
                )
        return self


def read_trust_file(path: Path) -> TrustFile:
    """Raises TrustFileInvalid, which names the file, the place in it and what to mend; never a secret."""
    try:
        return TrustFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise TrustFileInvalid(f"The trust file {path} cannot be read: {exc.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise TrustFileInvalid(f"The trust file {path} is not TOML: {exc}.") from None
    except ValidationError as exc:
        found = "; ".join(
            f"{'.'.join(str(part) for part in error['loc']) or 'the whole'}: {error['msg']}"
            for error in exc.errors(include_input=False, include_url=False)
        )
        raise TrustFileInvalid(f"The trust file {path} does not hold: {found}.") from None


def certificates(folder: Path, files: tuple[str, ...]) -> tuple[bytes, ...]:
    """All certificates (DER) of PEM files beside the trust file. Raises TrustFileInvalid."""
    found: list[bytes] = []
    for name in files:
        try:
            parsed = x509.load_pem_x509_certificates((folder / name).read_bytes())
        except OSError as exc:
            raise TrustFileInvalid(f"The certificate file {name} cannot be read: {exc.strerror}.") from None
        except ValueError:
            raise TrustFileInvalid(f"The file {name} holds no certificates in PEM.") from None
        found += (certificate.public_bytes(Encoding.DER) for certificate in parsed)
    return tuple(found)
