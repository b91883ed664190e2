from __future__ import annotations

import hashlib

import pytest
from asn1crypto import tsp

from qsignhub.timestamping.errors import TimestampAlgorithmWeak, WrongImprint
from qsignhub.timestamping.request import build_request, read_request


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_another_parser_reads_what_is_asked(name: str):
    imprint = hashlib.new(name, b"contract").digest()
    request = build_request(imprint, name, policy="1.2.3.4")
    read = tsp.TimeStampReq.load(request.der, strict=True)
    assert read["version"].native == "v1"
    assert read["message_imprint"]["hash_algorithm"]["algorithm"].native == name
    assert read["message_imprint"]["hashed_message"].native == imprint
    assert read["req_policy"].native == "1.2.3.4"
    assert read["cert_req"].native is True
    assert read["nonce"].native == request.nonce
    assert read_request(request.der) == request


@pytest.mark.parametrize("nonce", [0, 127, 128, 255, 256, 2**63, 2**64 - 1])
def test_nonces_of_every_size_are_told_and_read_back(nonce: int):
    request = build_request(bytes(32), nonce=nonce)
    assert tsp.TimeStampReq.load(request.der, strict=True)["nonce"].native == nonce
    assert read_request(request.der).nonce == nonce


def test_every_request_has_a_fresh_nonce():
    assert len({build_request(bytes(32)).nonce for _ in range(50)}) == 50


def test_only_sha2_and_only_digests_of_its_length():
    with pytest.raises(TimestampAlgorithmWeak):
        build_request(bytes(20), "sha1")
    with pytest.raises(WrongImprint):
        build_request(bytes(31))
