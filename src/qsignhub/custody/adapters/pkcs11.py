"""Keys in an HSM, or in whatever speaks PKCS#11: made inside, never extractable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from qsignhub.custody.adapters import pkcs11_keys as keys
from qsignhub.custody.adapters.pkcs11_module import Opened
from qsignhub.custody.adapters.pkcs11_record import PairRecord
from qsignhub.custody.adapters.pkcs11_sessions import LostInTheAct, NotOnToken, SessionPool
from qsignhub.custody.errors import CustodyUnavailable, KeyUnknown, KeyUnsuitable
from qsignhub.custody.gate import Gate
from qsignhub.custody.model import Outcome
from qsignhub.custody.ports import OnceOnly
from qsignhub.foundation.signature_algorithms import PublicKey, SignatureAlgorithm

T = TypeVar("T")


class Pkcs11Custody:
    """Keys on the token labelled ``token``, by the library ``module``; ``pin`` is the normal user's.

    A token lets one id be given to many objects, so which pair is *the* key stands in ``record``: who
    writes it there first, of several processes, made the key. ``sessions`` are opened when first needed,
    each in a thread of its own. A device that does not answer within ``answer_within`` seconds counts as
    unavailable. A signature is asked of the device once, whatever happens; all else twice.
    """

    def __init__(
        self,
        module: Path,
        token: str,
        pin: str,
        record: OnceOnly,
        gate: Gate,
        *,
        sessions: int = 4,
        answer_within: float = 30.0,
    ) -> None:
        self._pool = SessionPool(module, token, pin, sessions=sessions, answer_within=answer_within)
        self._record = PairRecord(record)
        self._gate = gate

    async def create_key(self, key_id: str, algorithm: SignatureAlgorithm) -> PublicKey:
        made: set[bytes] = set()
        while (pair_id := (entry := await self._record.last(key_id)).pair_id) is None:
            fresh = await self._twice(lambda opened: keys.generate(opened, key_id, algorithm), change=True)
            made.add(fresh)
            await self._record.begin(key_id, entry.next, fresh)
        if surplus := made - {pair_id}:
            await self._twice(lambda opened: keys.destroy(opened, surplus), change=True)
        present = keys.algorithm_of(pair_id)
        if present != algorithm:
            raise KeyUnsuitable(f"The key is for {present.name}, not for {algorithm.name}.")
        try:
            return await self._twice(lambda opened: keys.public_key(opened, pair_id))
        except NotOnToken as missing:
            raise await self._missing(key_id, pair_id, missing) from missing

    async def sign(self, key_id: str, message: bytes, activation: bytes) -> bytes:
        return await self._gate.use(key_id, message, activation, lambda _: self._use(key_id, message))

    async def _use(self, key_id: str, message: bytes) -> bytes:
        pair_id = await self._record.pair_id(key_id)
        if pair_id is None:
            raise KeyUnknown("The signer's key is not in custody: it was never made, or was destroyed.")
        algorithm = keys.algorithm_of(pair_id)
        try:
            return await self._pool.run(lambda opened: keys.sign(opened, pair_id, algorithm, message))
        except NotOnToken as missing:
            raise await self._missing(key_id, pair_id, missing) from missing

    async def outcome(self, key_id: str, activation_id: str) -> Outcome:
        return await self._gate.outcome(key_id, activation_id)

    async def operations(self, key_id: str) -> list[str]:
        return await self._gate.operations(key_id)

    async def destroy_key(self, key_id: str) -> None:
        """Off the record first: what does not sign any more is then taken from the token.

        Pairs that a process left behind when it died making this key go along. A pair listed here that
        another process is making now is none that will be the key: it was begun before this entry.
        """
        gone: set[bytes] = set()
        if (entry := await self._record.last(key_id)).pair_id is not None:
            gone = await self._twice(lambda opened: keys.pairs_labelled(opened, key_id))
            await self._record.end(key_id, entry.next)
        gone |= await self._record.former(key_id)
        if gone:
            await self._twice(lambda opened: keys.destroy(opened, gone), change=True)

    async def ping(self) -> None:
        await self._pool.run(lambda opened: opened.session.token.slot.get_token())

    async def close(self) -> None:
        """Ends the threads and their sessions."""
        await self._pool.close()

    async def _missing(
        self, key_id: str, pair_id: bytes, missing: NotOnToken
    ) -> KeyUnknown | CustodyUnavailable:
        """A key on record that the token has not: the token is lost or another one, and the key is not."""
        on_record = (await self._record.last(key_id)).pair_id
        if on_record is None:
            return KeyUnknown("The signer's key is not in custody: it was destroyed.")
        if on_record != pair_id:
            return CustodyUnavailable("The signer's key was made anew meanwhile.")
        self._pool.lost(missing.opened)
        return CustodyUnavailable("The signer's key is on record, but not on the token that the HSM shows.")

    async def _twice(self, work: Callable[[Opened], T], *, change: bool = False) -> T:
        """For work that may be repeated: once more when the device was lost before or in the act."""
        try:
            return await self._pool.run(work, change=change)
        except LostInTheAct:
            return await self._pool.run(work, change=change)
        except NotOnToken as missing:
            self._pool.lost(missing.opened)
            return await self._pool.run(work, change=change)
