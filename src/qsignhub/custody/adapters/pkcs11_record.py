"""Which pair on a token is a key: a history of each key, to which an entry is added once or not at all."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from qsignhub.custody.ports import OnceOnly

_KIND = "custody.pkcs11-pair"
_ENDED = b""
_HELD = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """``pair_id``: the pair that is the key; None before it is made and after its end.

    ``next``: the number that the next entry takes.
    """

    pair_id: bytes | None
    next: int


class PairRecord:
    """Entries ``<key id>/<number>`` with the CKA_ID of a pair, or nothing where the key was destroyed.

    The last one holds. Of two processes that add to the same history one gets its entry in.
    """

    def __init__(self, record: OnceOnly) -> None:
        self._record = record
        self._held: OrderedDict[str, bytes] = OrderedDict()

    async def last(self, key_id: str) -> Entry:
        self._held.pop(key_id, None)
        number = len(await self._record.names(_KIND, f"{key_id}/"))
        pair_id = await self._record.value(_KIND, _name(key_id, number - 1)) if number else None
        if pair_id:
            self._held[key_id] = pair_id
            if len(self._held) > _HELD:
                self._held.popitem(last=False)
        return Entry(pair_id or None, number)

    async def pair_id(self, key_id: str) -> bytes | None:
        """One that was read before is believed: at worst it is not on the token any more."""
        return self._held.get(key_id) or (await self.last(key_id)).pair_id

    async def begin(self, key_id: str, number: int, pair_id: bytes) -> None:
        """Makes a pair the key, unless another entry has this number."""
        await self._record.claim(_KIND, _name(key_id, number), pair_id)

    async def end(self, key_id: str, number: int) -> None:
        self._held.pop(key_id, None)
        await self._record.claim(_KIND, _name(key_id, number), _ENDED)

    async def former(self, key_id: str) -> set[bytes]:
        """The pairs that were this key and are not."""
        names = await self._record.names(_KIND, f"{key_id}/")
        values = [await self._record.value(_KIND, name) for name in names]
        return {value for value in values[:-1] if value}


def _name(key_id: str, number: int) -> str:
    return f"{key_id}/{number:06}"
