"""CRLs that were fetched and verified, kept in memory for a while."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.revocation.model import Crl

CRL_KEPT = timedelta(hours=1)
_MAX_LISTS = 64
_MAX_OCTETS = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    der: bytes
    since: datetime
    until: datetime


class KeptCrls:
    """By address and issuer, the least lately used dropped first: 64 lists and 64 MB at the most.

    ``longest`` bounds how late we learn of a revocation that an issuer publishes before its nextUpdate.
    """

    def __init__(self, longest: timedelta = CRL_KEPT) -> None:
        self._longest = longest
        self._lists: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()
        self._octets = 0

    def find(self, address: str, issuer: bytes, now: datetime) -> bytes | None:
        """The list (DER), to be verified for the certificate that it is asked about."""
        key = (address, issuer)
        kept = self._lists.get(key)
        if kept is None:
            return None
        if not kept.since <= now < kept.until:
            self._drop(key)
            return None
        self._lists.move_to_end(key)
        return kept.der

    def keep(self, address: str, issuer: bytes, crl: Crl, now: datetime) -> None:
        key = (address, issuer)
        self._drop(key)
        if len(crl.der) > _MAX_OCTETS:
            return
        self._lists[key] = _Kept(crl.der, now, min(crl.next_update, now + self._longest))
        self._octets += len(crl.der)
        while len(self._lists) > _MAX_LISTS or self._octets > _MAX_OCTETS:
            self._drop(next(iter(self._lists)))

    def _drop(self, key: tuple[str, bytes]) -> None:
        dropped = self._lists.pop(key, None)
        if dropped is not None:
            self._octets -= len(dropped.der)
