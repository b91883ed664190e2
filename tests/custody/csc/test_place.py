"""Keys at a remote service, from enrolment to the last signature; what it signs, openssl verifies."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from qsignhub.custody.activation import LIFETIME, Activation, ActivationIssuer
from qsignhub.custody.errors import KeyUnknown
from qsignhub.foundation.signature_algorithms import ES256, ES384, PS256, RS256, SignatureAlgorithm
from tests.custody.csc.keys import NOW
from tests.custody.csc.place import ISSUER_KEY, RemotePlace, remote_place

KEY, MESSAGE = "qtsp:sig_of_anna", b"the signed attributes"


@pytest.fixture(params=["DER", "r || s"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[RemotePlace]:
    async with remote_place(raw=request.param == "r || s") as opened:
        yield opened


def token(id_: str = "act_1") -> bytes:
    digest = hashlib.sha256(MESSAGE).digest()
    return ActivationIssuer(ISSUER_KEY).issue(Activation(id_, "sgn_anna", KEY, digest, NOW + LIFETIME))


@pytest.mark.tools
@pytest.mark.parametrize("algorithm", [ES256, ES384, RS256, PS256], ids=lambda one: one.name)
async def test_openssl_verifies(algorithm: SignatureAlgorithm, place: RemotePlace, tmp_path: Path) -> None:
    custody = place.open()
    public = await custody.create_key(KEY, algorithm)
    signature = await custody.sign(KEY, MESSAGE, token())
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for name, content in (("key", pem), ("signature", signature), ("message", MESSAGE)):
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "dgst", f"-{algorithm.hash_name}", "-verify", "key", "-signature", "signature"]
    if algorithm == PS256:
        command += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
    judged = subprocess.run([*command, "message"], cwd=tmp_path, capture_output=True, check=False)
    assert judged.returncode == 0, judged.stderr


async def test_unknown_before_and_after(place: RemotePlace) -> None:
    custody = place.open()
    with pytest.raises(KeyUnknown):
        await custody.sign(KEY, MESSAGE, token())
    await custody.create_key(KEY, ES256)
    await custody.sign(KEY, MESSAGE, token())
    await custody.destroy_key(KEY)
    with pytest.raises(KeyUnknown):
        await custody.sign(KEY, MESSAGE, token("act_2"))
    await custody.ping()
