"""Keys at a remote trust service (QTSP), used through the CSC API. The keys never come near us.

What can be checked without the key is checked before the signer's authorisation is claimed: an outage, a
disabled credential or a PIN that was not entered burn nothing. From ``credentials/authorize`` on nothing is
sent twice; whoever finds an outcome ``begun`` asks the signer again.
"""

from __future__ import annotations

from qsignhub.custody.activation import Activation
from qsignhub.custody.csc.algorithms import sign_algo
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.credentials import Credential, RemoteCredentials
from qsignhub.custody.csc.errors import (
    CredentialUnusable,
    SignatureNotTheCredentials,
    SignerCredentialsMissing,
)
from qsignhub.custody.csc.signature_values import verified
from qsignhub.custody.errors import ActivationUsed, KeyUnknown
from qsignhub.custody.gate import Gate
from qsignhub.custody.model import Outcome
from qsignhub.custody.signer_secrets import SignerCredentials, SignerSecrets


class CscCustody:
    """A custody whose key ids are ``{service}:{credentialID}``; ``service`` is the operator's name for it."""

    def __init__(
        self,
        service: str,
        client: CscClient,
        credentials: RemoteCredentials,
        gate: Gate,
        secrets: SignerSecrets,
    ) -> None:
        self._service = service
        self._client = client
        self._credentials = credentials
        self._gate = gate
        self._secrets = secrets

    async def sign(self, key_id: str, message: bytes, activation: bytes) -> bytes:
        """See the port. Further raises the errors of ``custody/csc/errors.py``."""
        said = self._gate.check(key_id, message, activation)
        if (await self._gate.outcome(key_id, said.id)).state != "unused":
            raise ActivationUsed("The signing authorisation was used before.")  # no call for it (case 74)
        credential = await self._credentials.get(self._credential_id(key_id))
        if credential.demands.secrets:
            _sufficient(credential, await self._secrets.waiting(said.signer_id))

        async def use(claimed: Activation) -> bytes:
            return await self._signature(credential, message, claimed)

        return await self._gate.use(key_id, message, activation, use)

    async def outcome(self, key_id: str, activation_id: str) -> Outcome:
        return await self._gate.outcome(key_id, activation_id)

    async def operations(self, key_id: str) -> list[str]:
        return await self._gate.operations(key_id)

    async def destroy_key(self, key_id: str) -> None:
        """Nothing: the key is the signer's, and the trust service's to destroy."""

    async def ping(self) -> None:
        """Costs nothing at the service: ``info`` asks for no authorisation."""
        await self._client.info()

    async def _signature(self, credential: Credential, message: bytes, said: Activation) -> bytes:
        given = None
        if credential.demands.secrets:
            given = await self._secrets.take(said.signer_id)
        algorithm = credential.algorithm
        how = sign_algo(algorithm.name, algorithm.hash_name, credential.offered)
        if how is None:
            raise CredentialUnusable("The service no longer offers the key's algorithm.")
        digest = credential.digest(message)
        sad = await self._authorised(credential, digest, _sufficient(credential, given))
        (value,) = await self._client.sign_hash(
            credential.id,
            sad,
            [digest],
            algorithm.hash_name,
            how,
            consented=credential.demands.mode == "oauth2code",
        )
        signature = verified(value, credential.public_key, algorithm, message)
        if signature is None:
            raise SignatureNotTheCredentials(
                f"What {self._client.name} returned does not verify against the credential's certificate."
            )
        return signature

    async def _authorised(self, credential: Credential, digest: bytes, given: SignerCredentials) -> str:
        wanted = credential.demands
        if wanted.mode == "oauth2code":
            return await self._client.redeem(
                given.code or "", redirect_uri=given.redirect_uri or "", code_verifier=given.code_verifier
            )
        plain = not wanted.objects
        return await self._client.authorize(
            credential.id,
            [digest],
            credential.algorithm.hash_name,
            pin=given.pin if plain and wanted.pin else None,
            otp=given.otp if plain and wanted.otp != "none" else None,
            auth_data=wanted.shown(given.pin, given.otp),
        )

    def _credential_id(self, key_id: str) -> str:
        service, colon, credential_id = key_id.partition(":")
        if service != self._service or not colon or not credential_id:
            raise KeyUnknown("The signer's key is not at this trust service.")
        return credential_id


def _sufficient(credential: Credential, given: SignerCredentials | None) -> SignerCredentials:
    """What the signer gave, if the credential needs no more. Raises SignerCredentialsMissing."""
    given = given or SignerCredentials()
    wanted = credential.demands
    if wanted.mode == "oauth2code":
        enough = bool(given.code and given.redirect_uri)
    elif wanted.objects:
        enough = wanted.shown(given.pin, given.otp) is not None
    else:
        enough = bool(given.pin or not wanted.pin) and bool(given.otp or wanted.otp == "none")
    if not enough:
        raise SignerCredentialsMissing("The signer has to unlock the key at the trust service first.")
    return given
