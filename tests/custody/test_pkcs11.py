"""Keys in a real SoftHSM: they do not come out (case 73), and the token may go and come back (case 44)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from pkcs11.constants import Attribute, ObjectClass, TokenFlag
from pkcs11.exceptions import (
    AttributeReadOnly,
    AttributeSensitive,
    DeviceRemoved,
    KeyUnextractable,
    PKCS11Error,
)
from pkcs11.mechanisms import KeyType, Mechanism

from qsignhub.custody.adapters import pkcs11_keys
from qsignhub.custody.adapters.pkcs11 import Pkcs11Custody
from qsignhub.custody.adapters.pkcs11_module import Module
from qsignhub.custody.adapters.pkcs11_sessions import _Replies
from qsignhub.custody.errors import ActivationUsed, CustodyUnavailable, KeyUnsuitable
from qsignhub.custody.model import Outcome
from qsignhub.foundation.signature_algorithms import EDDSA, ES256, ES384, RS256
from tests.support.custody_places import InMemoryRecord, Place, TokenAccess, activation, issued
from tests.support.softhsm import SoftToken, soft_token

pytestmark = pytest.mark.tools

KEY, OTHER_KEY = "sig_of_anna", "sig_of_bert"
MESSAGE = b"the signed attributes"
DIGEST = hashlib.sha256(MESSAGE).digest()


@pytest.fixture
async def place(softhsm_token: SoftToken) -> AsyncIterator[Place]:
    access = TokenAccess(str(softhsm_token.module), softhsm_token.label, softhsm_token.pin)
    opened = Place(InMemoryRecord(), token=access)
    yield opened
    for key_id in (KEY, OTHER_KEY):
        await opened.open().destroy_key(key_id)
    await opened.close()


@pytest.fixture
def custody(place: Place) -> Pkcs11Custody:
    opened = place.open()
    assert isinstance(opened, Pkcs11Custody)
    return opened


async def sign(custody: Pkcs11Custody, id_: str = "act_1") -> bytes:
    return await custody.sign(KEY, MESSAGE, issued(activation(DIGEST, KEY, id_)))


# ── Case 73 ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", [ES256, ES384, EDDSA, RS256], ids=lambda one: one.name)
async def test_case_73_what_the_token_says_of_a_key(
    custody: Pkcs11Custody, softhsm_token: SoftToken, algorithm: Any
) -> None:
    await custody.create_key(KEY, algorithm)
    listed = await asyncio.to_thread(softhsm_token.tool, "--list-objects", "--type", "privkey")
    described = next(part for part in listed.stdout.split("Private Key Object") if KEY in part)
    access = re.search(r"Access:\s*(.*)", described)
    usage = re.search(r"Usage:\s*(.*)", described)
    assert access is not None
    assert usage is not None
    assert access[1].strip() == "sensitive, always sensitive, never extractable, local"
    assert usage[1].strip() == "sign"


@pytest.mark.parametrize("algorithm", [ES256, RS256], ids=lambda one: one.name)
async def test_case_73_an_export_by_the_owner_of_the_pin_is_refused(
    custody: Pkcs11Custody, softhsm_token: SoftToken, algorithm: Any, tmp_path: Path
) -> None:
    await custody.create_key(KEY, algorithm)
    out = tmp_path / "key"
    reading = ("--read-object", "--type", "privkey", "--label", KEY, "--output-file", str(out))
    asked = await asyncio.to_thread(softhsm_token.tool, *reading)
    assert asked.stdout == ""
    assert not out.exists() or out.read_bytes() == b""
    await asyncio.to_thread(_refuses_export, softhsm_token)


def _refuses_export(softhsm: SoftToken) -> None:
    token = pkcs11.lib(str(softhsm.module)).get_token(token_label=softhsm.label)
    session = token.open(rw=True)
    try:
        wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: KEY}
        (ours,) = session.get_objects(wanted)
        wrapping: Any = session.generate_key(KeyType.AES, 256)
        loose = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
        open_one: Any = session.generate_keypair(KeyType.RSA, 2048, private_template=loose)[1]
        assert open_one[Attribute.PRIVATE_EXPONENT], "the token gives out what is not protected"
        assert wrapping.wrap_key(open_one, mechanism=Mechanism.AES_KEY_WRAP_PAD)

        secret = Attribute.PRIVATE_EXPONENT if ours.key_type is KeyType.RSA else Attribute.VALUE  # type: ignore[attr-defined]
        with pytest.raises(AttributeSensitive):
            ours[secret]
        with pytest.raises(KeyUnextractable):
            wrapping.wrap_key(ours, mechanism=Mechanism.AES_KEY_WRAP_PAD)
        for attribute, value in loose.items():
            with pytest.raises(AttributeReadOnly):
                ours[attribute] = value
        with pytest.raises(PKCS11Error):
            ours.copy(loose)
    finally:
        session.close()


async def test_a_token_without_the_mechanism_says_so(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {**pkcs11_keys._SIGN, "EdDSA": (Mechanism.ML_DSA, None)}
    monkeypatch.setattr(pkcs11_keys, "_SIGN", lacking)
    with pytest.raises(KeyUnsuitable, match="has no ML_DSA, which EdDSA takes"):
        await custody.create_key(KEY, EDDSA)


# ── Case 44 ─────────────────────────────────────────────────────────────────────────────────────────


async def test_case_44_a_token_that_goes_and_comes_back(
    custody: Pkcs11Custody, softhsm_token: SoftToken
) -> None:
    public = await custody.create_key(KEY, ES256)
    await sign(custody)
    away = softhsm_token.tokens.with_name("away")
    softhsm_token.tokens.rename(away)
    try:
        with pytest.raises(CustodyUnavailable):
            await sign(custody, "act_2")
        assert await custody.outcome(KEY, "act_2") == Outcome("begun")
        with pytest.raises(CustodyUnavailable):
            await custody.ping()
        with pytest.raises(CustodyUnavailable):
            await custody.create_key(OTHER_KEY, ES256)
        with pytest.raises(CustodyUnavailable):
            await sign(custody, "act_3")
    finally:
        away.rename(softhsm_token.tokens)
    with pytest.raises(ActivationUsed):
        await sign(custody, "act_2")
    assert ES256.holds(public, await sign(custody, "act_4"), MESSAGE)
    await custody.ping()
    assert await custody.operations(KEY) == ["act_1", "act_2", "act_3", "act_4"]


async def test_case_44_lost_after_the_key_was_used_it_is_not_used_again(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = await custody.create_key(KEY, ES256)
    used = 0
    real = pkcs11_keys.sign

    def sign_and_fail(*arguments: Any) -> bytes:
        nonlocal used
        used += 1
        signature = real(*arguments)
        if used == 1:
            raise DeviceRemoved
        return signature

    monkeypatch.setattr(pkcs11_keys, "sign", sign_and_fail)
    with pytest.raises(CustodyUnavailable, match="DeviceRemoved"):
        await sign(custody)
    assert used == 1
    assert await custody.outcome(KEY, "act_1") == Outcome("begun")
    assert ES256.holds(public, await sign(custody, "act_2"), MESSAGE)


async def test_a_key_is_made_although_the_device_is_lost_in_the_act(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = pkcs11_keys.generate, [DeviceRemoved]

    def generate(*arguments: Any) -> bytes:
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(pkcs11_keys, "generate", generate)
    public = await custody.create_key(KEY, ES256)
    assert ES256.holds(public, await sign(custody), MESSAGE)


async def test_a_device_that_does_not_answer_is_not_waited_for(
    place: Place, softhsm_token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = place.open()._gate  # type: ignore[attr-defined]
    custody = Pkcs11Custody(
        *(softhsm_token.module, softhsm_token.label, softhsm_token.pin, place.record, gate),
        sessions=1,
        answer_within=0.5,
    )
    await custody.ping()
    await custody.create_key(KEY, ES256)
    real = _Replies.send
    monkeypatch.setattr(_Replies, "send", lambda replies: None)
    with pytest.raises(CustodyUnavailable, match="in time"):
        await sign(custody)
    assert await custody.outcome(KEY, "act_1") == Outcome("begun")
    monkeypatch.setattr(_Replies, "send", real)
    assert await sign(custody, "act_2")
    await custody.close()


async def test_a_forked_process_signs_with_sessions_of_its_own(softhsm_token: SoftToken) -> None:
    script = """
import asyncio, os, sys
from tests.custody.test_pkcs11 import KEY, MESSAGE, sign
from tests.support.custody_places import InMemoryRecord, Place, TokenAccess
from qsignhub.foundation.signature_algorithms import ES256
custody = Place(InMemoryRecord(), token=TokenAccess(*sys.argv[1:])).open()
public = asyncio.run(custody.create_key(KEY, ES256))
child = os.fork()
good = ES256.holds(public, asyncio.run(sign(custody)), MESSAGE)
if child == 0:
    os._exit(0 if good else 7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert ES256.holds(public, asyncio.run(sign(custody, "act_2")), MESSAGE)
asyncio.run(custody.destroy_key(KEY))
"""
    arguments = [str(softhsm_token.module), softhsm_token.label, softhsm_token.pin]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


# ── The PIN ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_wrong_pin_is_tried_once_and_never_told(
    place: Place, softhsm_token: SoftToken, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong, right = "9999-1111", "3141-5926"
    other = soft_token(softhsm_token.tokens.parent, "guarded", right)
    place.token = TokenAccess(str(other.module), other.label, wrong)
    told = [await _failure(place) for _ in range(3)]
    assert "did not take the PIN (PinIncorrect)" in told[-1]
    change = ("--change-pin", "--pin", right, "--new-pin", wrong)
    changed = await asyncio.to_thread(other.tool, *change)
    assert changed.returncode == 0, changed.stderr
    assert "did not take the PIN" in await _failure(place), "it would be taken now, and is not tried"
    assert wrong not in caplog.text + "".join(told) + repr(place.open())
    place.token = TokenAccess(str(softhsm_token.module), softhsm_token.label, softhsm_token.pin)
    await place.open().ping()


async def _failure(place: Place) -> str:
    with pytest.raises(CustodyUnavailable) as caught:
        await place.open().ping()
    return "".join(traceback.format_exception(caught.value))


def test_the_last_try_of_a_pin_is_left_to_its_owner() -> None:
    class Token:
        label = "almost locked"
        flags = TokenFlag.USER_PIN_FINAL_TRY

        def open(self, **_: object) -> None:
            raise AssertionError("the last try was taken")

    class Library:
        def get_token(self, token_label: str) -> Token:
            return Token()

    module = Module(Path("/not/loaded.so"))
    module._library = Library()  # type: ignore[assignment]
    module._running = True
    with pytest.raises(CustodyUnavailable, match="locked"):
        module.open("almost locked", "1234")


async def test_a_library_that_is_not_there(place: Place, tmp_path: Path) -> None:
    place.token = TokenAccess(str(tmp_path / "absent.so"), "label", "1234")
    with pytest.raises(CustodyUnavailable):
        await place.open().ping()


def test_the_environment_is_for_started_services_too(softhsm_token: SoftToken) -> None:
    assert os.environ["SOFTHSM2_CONF"] == softhsm_token.environment["SOFTHSM2_CONF"]
