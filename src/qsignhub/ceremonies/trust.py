"""A trust service as the signing cycle sees it: whoever stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from qsignhub.ceremonies.errors import TrustServiceGone
from qsignhub.custody.activation import ActivationIssuer
from qsignhub.custody.ports import Custody
from qsignhub.custody.signer_secrets import SignerSecrets
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.signature_algorithms import SignatureAlgorithm
from qsignhub.revocation.ports import RevocationSource
from qsignhub.signature_requests.model import SignatureType, Signer
from qsignhub.timestamping.ports import TimestampAuthority


@dataclass(frozen=True, slots=True)
class Signatory:
    """The person as a trust service is told of them; ``country`` is ISO 3166-1 alpha-2."""

    name: str
    email: str
    phone: str | None
    country: str | None
    certificate_compromised: bool = False
    """The sandbox's test document asks for a certificate that is revoked at once."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signer's key, certified. ``chain`` goes from the issuer to the root, all DER."""

    key_id: str
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: SignatureAlgorithm


def signatory_of(signer: Signer) -> Signatory:
    """By what the request says of a signer."""
    return Signatory(signer.name, signer.email, signer.phone, signer.identity_country)


Otp: TypeAlias = Literal["none", "offline", "online"]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a trust service wants from the signer before it lets the key be used.

    ``online``: the service sends the one-time password when asked to.
    """

    pin: bool = False
    otp: Otp = "none"
    confirmation: bool = False
    """The signer confirms on the service's own page, once it is known what is to be signed."""

    @property
    def nothing(self) -> bool:
        return not self.pin and self.otp == "none" and not self.confirmation


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Where the signer is sent, and what redeems the code that comes back from there (RFC 7636)."""

    url: str
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """``qualified``: a qualified certificate for electronic signatures; ``qscd``: its key is in a QSCD.

    A qualified electronic signature needs both (eIDAS Art. 3(12)).
    """

    qualified: bool
    qscd: bool

    @property
    def makes_qes(self) -> bool:
        return self.qualified and self.qscd


NOT_QUALIFIED = Standing(qualified=False, qscd=False)


class TrustedListFindings(Protocol):
    """What the trusted lists say of certificates (ETSI TS 119 615)."""

    def standing(self, certificate: bytes, chain: Sequence[bytes], at: datetime) -> Standing:
        """What a certificate was at a moment. Raises TrustedListsUnavailable."""
        ...


class SignerCertificates(Protocol):
    """Makes, or finds, a signer's key and certificate."""

    renewable: bool
    """Where a certificate has run out before its signature was timestamped, another can be had."""

    async def certify(
        self, tx: Transaction, reference: str, who: Signatory, signature_type: SignatureType
    ) -> SigningKey:
        """Asked again for a reference, the same one. Raises Refused, Unavailable."""
        ...

    async def demand(self, who: Signatory) -> Demand:
        """Raises Refused where the service cannot sign for this person; Unavailable."""
        ...

    async def would_make_qes(self, who: Signatory, trusted_lists: TrustedListFindings) -> bool:
        """Whether it would make a qualified signature, as far as can be told now."""
        ...

    async def send_otp(self, who: Signatory) -> None:
        """Has a one-time password sent to the signer."""
        ...

    async def confirmation(
        self, key_id: str, message: bytes, *, redirect_uri: str, state: str
    ) -> Confirmation:
        """The way to the service's page where the signer confirms that exactly this message is signed."""
        ...

    async def issued_at(self, tx: Transaction, key_id: str) -> datetime | None:
        """When a certificate was issued for a key; None where it was there before."""
        ...

    async def dispose(self, key_id: str) -> None:
        """After the signature: a one-time key is destroyed; a seal and a signer's own key stay."""
        ...

    async def ping(self) -> None: ...


class NoTrustedLists:
    """No list is configured: then nothing is qualified."""

    def standing(self, certificate: bytes, chain: Sequence[bytes], at: datetime) -> Standing:  # noqa: ARG002  # the port's
        return NOT_QUALIFIED


_NO_LISTS = NoTrustedLists()


@dataclass(frozen=True, slots=True)
class TrustService:
    """``activations`` issues the signer's one-time authorisations that ``custody`` checks.

    ``anchors``: certificates (DER) at which the paths of its timestamp authorities and responders end;
    ``identifies_signers``: it has checked who its signers are, and lets nobody else use their keys.
    ``seals``: the platform's own key, for simple signatures; ``certificates`` are for all others.
    """

    name: str
    certificates: SignerCertificates
    custody: Custody
    activations: ActivationIssuer
    timestamps: TimestampAuthority
    revocation: RevocationSource
    anchors: tuple[bytes, ...]
    seals: SignerCertificates | None = None
    trusted_lists: TrustedListFindings = _NO_LISTS
    secrets: SignerSecrets | None = None
    identifies_signers: bool = False
    qualified_or_nothing: bool = False
    """A qualified signature that is asked for is one by the trusted lists, or is not made."""

    def certificates_for(self, signature_type: SignatureType) -> SignerCertificates:
        """A simple signature is a seal: never made with a signer's own key (decision 18).

        Raises TrustServiceGone where a simple signature has begun here and the seal was taken away since.
        """
        if signature_type != "ses":
            return self.certificates
        if self.seals is None:
            raise TrustServiceGone(f"The trust service {self.name} has no seal any more.")
        return self.seals
