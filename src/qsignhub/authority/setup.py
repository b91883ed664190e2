"""The authority's own certificates: made on the first start, and anew where the service's URL changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority import profiles, repository
from qsignhub.authority.keys import Role
from qsignhub.authority.profiles import Issuer, Urls
from qsignhub.foundation.database import Database, Transaction

Certificates = Mapping[Role, x509.Certificate]
Keys = Mapping[Role, ec.EllipticCurvePrivateKey]


async def own_certificates(database: Database, keys: Keys, urls: Urls, now: datetime) -> Certificates:
    """One set for each base URL, on the same keys: certificates carry the URLs that answer for them."""
    async with database.transaction() as tx:
        present = await repository.own_certificates(tx, urls.base_url)
        if len(present) < len(keys):
            await repository.lock_setup(tx)
            present = await repository.own_certificates(tx, urls.base_url)
            present = await _complete(tx, present, keys, urls, now)
    return {role: x509.load_der_x509_certificate(present[role]) for role in keys}


async def _complete(
    tx: Transaction, present: dict[str, bytes], keys: Keys, urls: Urls, now: datetime
) -> dict[str, bytes]:
    found = dict(present)
    if "root" not in found:
        found["root"] = profiles.der(profiles.root(keys["root"], now))
        await repository.keep_own_certificate(tx, "root", "", found["root"])
    if "issuing" not in found:
        root = Issuer(x509.load_der_x509_certificate(found["root"]), keys["root"])
        issuing = profiles.issuing_ca(keys["issuing"].public_key(), root, urls, now)
        issuer = Issuer(issuing, keys["issuing"])
        made = {
            "issuing": issuing,
            "ocsp": profiles.ocsp_responder(keys["ocsp"].public_key(), issuer, urls, now),
            "tsa": profiles.timestamp_authority(keys["tsa"].public_key(), issuer, urls, now),
        }
        for role, certificate in made.items():
            found[role] = profiles.der(certificate)
            await repository.keep_own_certificate(tx, role, urls.base_url, found[role])
            serial = f"{certificate.serial_number:x}"
            await repository.keep_issued(tx, serial, None, found[role], now)
    return found
