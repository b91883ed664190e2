"""The authority's own certificates: made on the first start, and anew where the service's URL changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography import x509

from qsignhub.authority import repository
from qsignhub.authority.hierarchy import Hierarchy, assemble, missing_certificates
from qsignhub.authority.keys import OCSP_OF, AuthorityKeys, Keys, Role
from qsignhub.authority.names import AuthorityNames
from qsignhub.authority.profiles import PROFILES
from qsignhub.authority.repository import Register
from qsignhub.authority.urls import Urls
from qsignhub.foundation.database import Database, Transaction

_WANTED: tuple[Role, ...] = ("root", *OCSP_OF.keys(), *OCSP_OF.values(), "tsa-unit")
_RENEWED = frozenset((*OCSP_OF.values(), "tsa-unit"))
_RENEWED_BEFORE = timedelta(days=90)
_CA_OF_RESPONDER: Mapping[str, str] = {responder: ca for ca, responder in OCSP_OF.items()}


async def open_hierarchy(
    database: Database, keys: AuthorityKeys, names: AuthorityNames, urls: Urls, now: datetime
) -> Hierarchy:
    """One set for each base URL, on the same keys: certificates carry the URLs that answer for them.

    Raises AuthorityRootOffline where a CA certificate is to be made, and the root's key is away.
    """
    register = Register(names.name)
    online = await keys.online()
    async with database.transaction() as tx:
        present = _lasting(await register.own_certificates(tx, urls.base_url), now)
        complete = set(_WANTED) <= present.keys()
    if not complete:
        root = await keys.find("root") if "root" in present else await keys.make_root()
        known: Keys = online if root is None else {**online, "root": root}
        async with database.transaction() as tx:
            await repository.lock_setup(tx)
            present = _lasting(await register.own_certificates(tx, urls.base_url), now)
            present = await _complete(tx, register, present, known, names, urls, now)
    return assemble(names, urls, online, present)


def _lasting(present: Mapping[str, bytes], now: datetime) -> dict[str, bytes]:
    """Without the responders and the time-stamping unit that end soon: those are renewed, on their keys."""
    return {
        role: certificate
        for role, certificate in present.items()
        if role not in _RENEWED
        or x509.load_der_x509_certificate(certificate).not_valid_after_utc > now + _RENEWED_BEFORE
    }


async def _complete(
    tx: Transaction,
    register: Register,
    present: dict[str, bytes],
    keys: Keys,
    names: AuthorityNames,
    urls: Urls,
    now: datetime,
) -> dict[str, bytes]:
    found = dict(present)
    for role, issued in missing_certificates(names, urls, keys, present, now).items():
        found[role] = issued.certificate
        await register.keep_own_certificate(tx, role, "" if role == "root" else urls.base_url, issued)
        if role != "root":
            issuer = _CA_OF_RESPONDER.get(role) or PROFILES[issued.profile].ca or "root"
            await register.keep_issued(tx, issued, issuer, None, None, now)
    return found
