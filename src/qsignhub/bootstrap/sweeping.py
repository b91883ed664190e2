"""What a signer entered, or was sent away with, is destroyed when it is good for nothing any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from qsignhub.ceremonies import confirmations
from qsignhub.custody import signer_secrets
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.register import Vault

_EVERY = timedelta(minutes=1)
_KEPT = {
    signer_secrets.KIND: signer_secrets.LIFETIME,
    # a signer may come back late, and is led to the page then
    confirmations.KIND: 6 * confirmations.PATIENCE,
}


async def sweep(vault: Vault) -> None:
    """Once: what is over."""
    for kind, lifetime in _KEPT.items():
        await vault.destroy_older(kind, lifetime)


async def sweep_on(vault: Vault) -> None:
    while True:
        await asyncio.sleep(_EVERY.total_seconds())
        try:
            await sweep(vault)
        except Unavailable:
            continue  # the database is away; the next minute will do
