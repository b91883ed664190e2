"""The whole way of a signature with the signers' keys in an HSM."""

from __future__ import annotations

import os

import pytest

from qsignhub.bootstrap import Services, open_services
from qsignhub.ceremonies import journal
from qsignhub.custody.adapters.pkcs11 import Pkcs11Custody
from qsignhub.settings import HsmNotConfigured, Settings
from qsignhub.signature_requests.model import SignatureRequest
from tests.ceremonies.test_faults import consented, current, payload_of, run_cycle, signatures
from tests.ceremonies.test_seals import sealed, seals
from tests.support.softhsm import SoftToken

pytestmark = pytest.mark.tools


def with_keys_in(settings: Settings, token: SoftToken) -> Settings:
    return settings.model_copy(
        update={
            "sandbox_keys": "pkcs11",
            "pkcs11_module": token.module,
            "pkcs11_token": token.label,
            "pkcs11_pin": token.pin,
        }
    )


async def key_of(services: Services, request: SignatureRequest) -> str:
    async with services.database.transaction() as tx:
        [signing, *_] = await journal.recorded_signings(tx, request)
    assert signing.key_id is not None
    return signing.key_id


def private_keys(token: SoftToken, label: str) -> list[str]:
    """What pkcs11-tool shows of the private keys of a name; other tests have theirs in the token."""
    shown = token.tool("--list-objects", "--type", "privkey").stdout.split("Private Key Object")
    return [one for one in shown if label in one]


async def test_a_signers_key_is_in_the_token_until_it_has_signed_and_never_leaves_it(
    settings: Settings, conninfo: str, softhsm_token: SoftToken
) -> None:
    token = softhsm_token
    async with open_services(with_keys_in(settings, token), conninfo) as services:
        assert isinstance(services.trust.named("test", "sandbox").custody, Pkcs11Custody)
        request = await consented(services)
        async with services.database.transaction() as tx:
            await services.job_handlers["ceremonies.sign"].run(tx, payload_of(request))
        key = await key_of(services, request)
        [listed] = private_keys(token, key)
        assert "sensitive, always sensitive, never extractable, local" in listed
        exported = token.tool("--read-object", "--type", "privkey", "--output-file", os.devnull)
        assert exported.returncode != 0

        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1
        assert private_keys(token, key) == []


async def test_the_seal_is_in_the_token_and_stays_there(
    settings: Settings, conninfo: str, softhsm_token: SoftToken
) -> None:
    token = softhsm_token
    async with open_services(with_keys_in(settings, token), conninfo) as services:
        for _ in range(2):
            request = await sealed(services)
            assert await signatures(services, request) == 1
        [(key, _)] = await seals(services)
        assert await key_of(services, request) == key
        [listed] = private_keys(token, key)
        assert "sensitive, always sensitive, never extractable, local" in listed


async def test_an_hsm_that_is_not_configured_keeps_the_service_from_starting(
    settings: Settings, conninfo: str
) -> None:
    with pytest.raises(HsmNotConfigured):
        async with open_services(settings.model_copy(update={"sandbox_keys": "pkcs11"}), conninfo):
            pass
