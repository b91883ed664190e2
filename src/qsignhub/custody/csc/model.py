"""What a remote signing service says, checked and brought into one form for both versions (clause 11)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from qsignhub.custody.csc.errors import CscMalformed

Version = Literal["v1", "v2"]

Text = Annotated[str, StringConstraints(max_length=4096)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Oid = Annotated[str, StringConstraints(pattern=r"^[0-2](\.\d{1,20}){1,30}$")]
Token = Annotated[str, StringConstraints(min_length=1, max_length=16384)]
Base64Text = Annotated[str, StringConstraints(min_length=1, max_length=65536)]

Presence = Annotated[
    Literal["true", "false", "optional"],
    # v1 has strings; services that send JSON booleans mean the same
    BeforeValidator(lambda value: str(value).lower() if isinstance(value, bool) else value),
]


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Info(_Said):
    """Clause 11.1."""

    specs: Name
    name: Text = ""
    region: Text = ""
    lang: Text = ""
    auth_types: list[Name] = Field(default=[], alias="authType", max_length=64)
    oauth2: Text | None = None
    """The base URI of the OAuth 2.0 server, as v1 and v2 have it."""
    oauth2_issuer: Text | None = Field(default=None, alias="oauth2Issuer")
    """v2: the issuer, whose metadata (RFC 8414) name the endpoints."""
    methods: list[Name] = Field(max_length=256)


class Key(_Said):
    status: Literal["enabled", "disabled"]
    algorithms: list[Oid] = Field(alias="algo", min_length=1, max_length=64)


class Cert(_Said):
    status: Literal["valid", "expired", "revoked", "suspended"] | None = None
    certificates: list[Base64Text] = Field(default=[], max_length=16)


class Factor(_Said):
    """v1: ``PIN`` and ``OTP`` of clause 11.5."""

    presence: Presence = "false"
    type: Literal["offline", "online"] | None = None


class AuthenticationObject(_Said):
    """v2, clause 8.3: one thing that the signer shows, in band or out of band."""

    type: Name
    id: Name
    generator: Text | None = None
    label: Text | None = None


class Auth(_Said):
    mode: Literal["implicit", "explicit", "oauth2code"]
    expression: Annotated[str, StringConstraints(max_length=256)] | None = None
    objects: list[AuthenticationObject] = Field(default=[], max_length=8)


class CredentialInfo(_Said):
    """Clause 11.5. v2 describes the authorisation in ``auth``, v1 in ``authMode``, ``PIN`` and ``OTP``."""

    key: Key
    cert: Cert = Cert()
    auth: Auth | None = None
    auth_mode: Literal["implicit", "explicit", "oauth2code"] | None = Field(default=None, alias="authMode")
    pin: Factor = Field(default=Factor(), alias="PIN")
    otp: Factor = Field(default=Factor(), alias="OTP")
    scal: Literal["1", "2"] = Field(default="1", alias="SCAL")
    multisign: int = Field(default=1, ge=1)


class DescribedCredential(CredentialInfo):
    """v2, clause 11.4: a credential of a list that was asked for with its description."""

    id: Name = Field(alias="credentialID")


class CredentialsPage(_Said):
    """Clause 11.4. v2 has no pages; services that send them all the same are followed."""

    ids: list[Name] = Field(alias="credentialIDs", max_length=4096)
    described: list[DescribedCredential] = Field(default=[], alias="credentialInfos", max_length=4096)
    next_page: Token | None = Field(default=None, alias="nextPageToken")


class Authorised(_Said):
    """Clauses 11.6 and 11.7: the activation data, or (v2) a handle to ask again with."""

    sad: Token | None = Field(default=None, alias="SAD", repr=False)
    expires_in: float | None = Field(default=None, alias="expiresIn", ge=0)
    handle: Token | None = None


class Challenge(_Said):
    """v2, clause 11.8; None when it went out of band."""

    challenge: Text | None = None


class Signatures(_Said):
    """Clause 11.9 (v1), 11.10 (v2)."""

    signatures: list[Base64Text] = Field(max_length=4096)


class AccessToken(_Said):
    """RFC 6749, section 5.1; ``auth/login`` (clause 11.2) has no type, v1 says SAD for a consent."""

    value: Token = Field(alias="access_token", repr=False)
    type: Name = Field(default="Bearer", alias="token_type")
    expires_in: float | None = Field(default=None, ge=0)


class ServerMetadata(_Said):
    """RFC 8414, section 2."""

    issuer: Text
    authorization_endpoint: Text
    token_endpoint: Text


SaidT = TypeVar("SaidT", bound=_Said)


def read(kind: type[SaidT], body: dict[str, Any]) -> SaidT:
    """Raises CscMalformed, which names the fields and never their values."""
    try:
        return kind.model_validate(body)
    except ValidationError as wrong:
        fields = sorted({".".join(str(part) for part in error["loc"])[:80] for error in wrong.errors()})
        message = f"The remote signing service's answer is not as specified: {', '.join(fields[:5])}."
        # not chained: the library's error holds the values, and activation data is among them
        raise CscMalformed(message) from None
