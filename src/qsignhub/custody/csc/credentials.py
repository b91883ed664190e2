"""Signers' keys at a remote service: found, judged, described in our own terms (clauses 11.4, 11.5)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import new as new_hash
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from qsignhub.custody.csc.algorithms import sign_algo
from qsignhub.custody.csc.authentication import Demands, demands
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.errors import (
    CredentialNotFound,
    CredentialUnusable,
    CscMalformed,
    CscRefused,
)
from qsignhub.custody.csc.model import CredentialInfo
from qsignhub.custody.csc.oauth import ConsentRequest, Verifier
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.signature_algorithms import ES256, ES384, PS256, RS256, SignatureAlgorithm

RSA_BITS, RSA_BITS_RUNNING_OUT = 3000, 2048  # ETSI TS 119 312 lets 2048 run out
_MAX_PAGES, _MAX_CREDENTIALS = 20, 200

CredentialKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that can sign now. ``certificate`` and ``chain`` are DER, the nearest issuer first.

    ``algorithms``: ours that the service offers for this key, the one that signatures are made with first.
    ``offered``: the service's own OIDs. ``scal``: 2 binds the signer's consent to the very hash.
    """

    id: str
    certificate: bytes
    chain: tuple[bytes, ...]
    public_key: CredentialKey = field(repr=False)
    algorithms: tuple[SignatureAlgorithm, ...]
    offered: tuple[str, ...]
    demands: Demands
    scal: Literal["1", "2"]

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self.algorithms[0]

    def digest(self, message: bytes) -> bytes:
        """What the service is given to sign."""
        return new_hash(self.algorithm.hash_name, message).digest()


@dataclass(frozen=True, slots=True)
class Consent:
    """Where the signer is sent, and what redeems the code that comes back."""

    url: str
    redirect_uri: str
    code_verifier: str = field(repr=False)


class RemoteCredentials:
    """``allow_rsa_2048`` takes the RSA keys under 3000 bits that some services still hold."""

    def __init__(self, client: CscClient, clock: Clock, *, allow_rsa_2048: bool = False) -> None:
        self._client = client
        self._clock = clock
        self._rsa_bits = RSA_BITS_RUNNING_OUT if allow_rsa_2048 else RSA_BITS

    async def find(self, user_id: str | None = None) -> Credential:
        """The first of a user's credentials that can sign now; without a user, of whom the token is for.

        Raises CredentialNotFound if there is none at all, CredentialUnusable with the reasons of all.
        """
        reasons: list[str] = []
        ids, described = await self._listed(user_id)
        for credential_id in ids:
            try:
                info = described.get(credential_id)
                return self._judged(credential_id, info) if info else await self.get(credential_id)
            except (CredentialUnusable, CscMalformed) as wrong:
                reasons.append(f"{credential_id}: {wrong.message}")
        if not reasons:
            raise CredentialNotFound(f"{self._client.name} has no credential for this signer.")
        raise CredentialUnusable("No credential of this signer can be used. " + " ".join(reasons[:5]))

    async def get(self, credential_id: str) -> Credential:
        """Raises CredentialNotFound, CredentialUnusable."""
        try:
            info = await self._client.credential_info(credential_id)
        except CscRefused as refused:
            if refused.description == "invalid parameter credentialid":
                raise CredentialNotFound(f"{self._client.name} does not know this credential.") from refused
            raise
        return self._judged(credential_id, info)

    async def send_otp(self, credential: Credential) -> None:
        """Has the service send its signer a one-time code.

        Raises CredentialUnusable if the codes come from the signer's own device, or none are asked for.
        """
        if credential.demands.otp != "online":
            raise CredentialUnusable("The codes for this credential are not sent out by the service.")
        challenged = credential.demands.otp_object()
        if challenged is None:
            await self._client.send_otp(credential.id)
        else:
            await self._client.get_challenge(credential.id, challenged)

    async def consent(
        self,
        credential: Credential,
        message: bytes,
        *,
        redirect_uri: str,
        state: str,
        lang: str | None = None,
        description: str | None = None,
    ) -> Consent:
        """The signer's way to the service's own page, for exactly this message (``oauth2code``).

        ``state`` is the caller's, random and bound to the signer's browser; it is to be checked on return.
        """
        verifier = Verifier.fresh()
        request = ConsentRequest(
            client_id=self._client.client_id,
            redirect_uri=redirect_uri,
            credential_id=credential.id,
            hashes=[credential.digest(message)],
            hash_name=credential.algorithm.hash_name,
            state=state,
            # v1 does not have it; a server that does not know it has to ignore it (RFC 6749, section 3.1)
            code_challenge=verifier.challenge,
            lang=lang,
            description=description,
        )
        return Consent(await self._client.consent_url(request), redirect_uri, verifier.value)

    async def _listed(self, user_id: str | None) -> tuple[list[str], dict[str, CredentialInfo]]:
        ids: dict[str, None] = {}
        described: dict[str, CredentialInfo] = {}
        token = None
        for _ in range(_MAX_PAGES):
            page = await self._client.list_credentials(user_id, page=token, described=True)
            ids |= dict.fromkeys(page.ids)
            described |= {one.id: one for one in page.described}
            token = page.next_page
            if token is None or len(ids) >= _MAX_CREDENTIALS:
                return list(ids)[:_MAX_CREDENTIALS], described
        raise CscMalformed(f"{self._client.name} has a list of credentials that does not end.")

    def _judged(self, credential_id: str, info: CredentialInfo) -> Credential:
        if info.key.status != "enabled":
            raise CredentialUnusable("The key is disabled.")
        if info.cert.status not in (None, "valid"):
            raise CredentialUnusable(f"The certificate is {info.cert.status}.")
        certificate, chain = _certificates(info.cert.certificates)
        now = self._clock.now()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise CredentialUnusable("The certificate is not valid now.")
        if not _may_sign(certificate):
            raise CredentialUnusable("The certificate's key usage does not allow signatures.")
        public_key = _public_key(certificate)
        offered = tuple(info.key.algorithms)
        algorithms = tuple(
            one for one in self._ours(public_key) if sign_algo(one.name, one.hash_name, offered) is not None
        )
        if not algorithms:
            raise CredentialUnusable("The service offers no algorithm for this key that is accepted here.")
        return Credential(
            id=credential_id,
            certificate=b64decode("".join(info.cert.certificates[0].split())),
            chain=chain,
            public_key=public_key,
            algorithms=algorithms,
            offered=offered,
            demands=demands(info),
            scal=info.scal,
        )

    def _ours(self, public_key: CredentialKey) -> Sequence[SignatureAlgorithm]:
        if isinstance(public_key, RSAPublicKey):
            if public_key.key_size < self._rsa_bits:
                raise CredentialUnusable(f"An RSA key of {public_key.key_size} bits is too short.")
            return (PS256, RS256)  # PSS where it is offered
        return {"secp256r1": (ES256,), "secp384r1": (ES384,)}.get(public_key.curve.name, ())


def _certificates(encoded: Sequence[str]) -> tuple[x509.Certificate, tuple[bytes, ...]]:
    if not encoded:
        raise CscMalformed("The credential comes without its certificate.")
    try:
        # some services break the lines of their base64
        ders = [b64decode("".join(one.split()), validate=True) for one in encoded]
        certificate, *_ = [x509.load_der_x509_certificate(der) for der in ders]
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise CscMalformed("The credential's certificates cannot be read.") from None
    return certificate, tuple(ders[1:])


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True  # RFC 5280, section 4.2.1.3: without it, no restriction
    except ValueError:
        raise CscMalformed("The credential's certificate has extensions that cannot be read.") from None
    return usage.digital_signature or usage.content_commitment


def _public_key(certificate: x509.Certificate) -> CredentialKey:
    try:
        public_key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise CredentialUnusable("The certificate's key is of a kind that is not known here.") from None
    if not isinstance(public_key, EllipticCurvePublicKey | RSAPublicKey):
        # Ed25519 among them: signHash takes digests, and Ed25519 signs messages
        raise CredentialUnusable("The certificate's key is of a kind that is not used with signHash.")
    return public_key
