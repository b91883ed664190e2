"""Signing in SoftHSM: our pooled sessions, driven from an event loop, against bare ``C_Sign`` in a loop.

Ours is all that the adapter does after the gate has let a signature pass: the record of pairs, the hand-over
to a thread and back, the hash, C_SignInit and C_Sign, and the DER of an ECDSA signature. The gate itself
(one Ed25519 verification and a record in the database) is not the HSM's, and is left out. The peer is
python-pkcs11 with as many threads and sessions, each signing a digest in a tight loop with a key at hand:
C_SignInit and C_Sign and nothing more. Same process, library, token, keys; in turn.

The bound is for RSA-3072, two milliseconds of the device's time. A P-256 signature takes SoftHSM about 70 µs,
hardly more than Python takes to hand one over to a thread and back: that figure is printed, and has no bound.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import tempfile
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

import pkcs11
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.mechanisms import Mechanism
from tests.support.custody_places import ISSUER_KEY, NOW, InMemoryRecord
from tests.support.softhsm import SoftToken, missing_programs, soft_token

from bench.results import Result
from qsignhub.custody.activation import ActivationVerifier
from qsignhub.custody.adapters.pkcs11 import Pkcs11Custody
from qsignhub.custody.gate import Gate
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.signature_algorithms import ES256, RS256, SignatureAlgorithm

SESSIONS = 2
WAITING = 16
"""Signatures asked for at a time."""
SECONDS = 0.5
ROUNDS = 7
MESSAGE = b"the signed attributes of a signature" * 6
BOUND = 0.8


def measure() -> list[Result]:
    """Nothing where SoftHSM is not installed, which is said."""
    if (why := missing_programs()) is not None:
        print(f"SoftHSM: not measured, {why}")
        return []
    with tempfile.TemporaryDirectory(prefix="qsignhub-bench-") as folder:
        token = soft_token(Path(folder))
        os.environ |= token.environment
        return asyncio.run(_measure(token))


async def _measure(token: SoftToken) -> list[Result]:
    record = InMemoryRecord()
    gate = Gate(record, ActivationVerifier(ISSUER_KEY.public_key()), SettableClock(NOW))
    custody = Pkcs11Custody(token.module, token.label, token.pin, record, gate, sessions=SESSIONS)
    await _compare(custody, token, ES256, Mechanism.ECDSA)
    found = await _compare(custody, token, RS256, Mechanism.SHA256_RSA_PKCS)
    await custody.close()
    return [found]


async def _compare(
    custody: Pkcs11Custody, token: SoftToken, algorithm: SignatureAlgorithm, mechanism: Mechanism
) -> Result:
    key_id = f"bench-{algorithm.name}"
    public = await custody.create_key(key_id, algorithm)
    assert algorithm.holds(public, await custody._use(key_id, MESSAGE), MESSAGE)
    ratios, ours, bare = [], [], []
    for number in range(ROUNDS + 1):
        our_rate = await _our_rate(custody, key_id)
        bare_rate = await asyncio.to_thread(_bare_rate, token, key_id, mechanism)
        if number:
            ours.append(our_rate)
            bare.append(bare_rate)
            ratios.append(our_rate / bare_rate)
    print(
        f"SoftHSM, {algorithm.name}: {statistics.median(ours):.0f} signatures a second through the pool, "
        f"{statistics.median(bare):.0f} bare (ratio {statistics.median(ratios):.2f})"
    )
    return Result(
        f"SoftHSM, RSA-3072: signatures a second through {SESSIONS} pooled sessions",
        f"C_Sign in a tight loop by python-pkcs11, {SESSIONS} threads with a session each",
        round(statistics.median(ratios), 3),
        BOUND,
        at_least=True,
    )


async def _our_rate(custody: Pkcs11Custody, key_id: str) -> float:
    done = 0
    begun = perf_counter()

    async def caller() -> None:
        nonlocal done
        while perf_counter() - begun < SECONDS:
            await custody._use(key_id, MESSAGE)
            done += 1

    await asyncio.gather(*(caller() for _ in range(WAITING)))
    return done / (perf_counter() - begun)


def _bare_rate(token: SoftToken, key_id: str, mechanism: Mechanism) -> float:
    """The adapter has logged in already, which holds for the whole process."""
    slot = pkcs11.lib(str(token.module)).get_token(token_label=token.label)
    wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: key_id}
    sessions = [slot.open() for _ in range(SESSIONS)]
    keys: list[Any] = [next(iter(session.get_objects(wanted))) for session in sessions]
    data = hashlib.sha256(MESSAGE).digest() if mechanism is Mechanism.ECDSA else MESSAGE
    done = [0] * SESSIONS
    begun = perf_counter()

    def loop(number: int) -> None:
        key = keys[number]
        while perf_counter() - begun < SECONDS:
            key.sign(data, mechanism=mechanism)
            done[number] += 1

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(done) / (perf_counter() - begun)
    for session in sessions:
        session.close()
    return rate
