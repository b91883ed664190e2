from __future__ import annotations

import pytest

from qsignhub.foundation.ids import new_token
from qsignhub.foundation.links import Links
from qsignhub.foundation.sealing import MasterKey, SealBroken

LINKS = Links(MasterKey(bytes(32)))


def test_a_token_is_shown_again_to_its_owner_alone() -> None:
    token = new_token()
    sealed = LINKS.seal("sgn_1", token)
    assert LINKS.reveal("sgn_1", sealed) == token
    with pytest.raises(SealBroken):
        LINKS.reveal("sgn_2", sealed)
    with pytest.raises(SealBroken):
        Links(MasterKey(bytes(range(32)))).reveal("sgn_1", sealed)


def test_neither_what_is_stored_to_find_it_nor_the_sealed_copy_shows_it() -> None:
    token = new_token()
    assert token.encode() not in LINKS.seal("sgn_1", token) + Links.hash(token)
    assert len(Links.hash(token)) == 32


def test_tokens_are_found_by_their_own_hash_only() -> None:
    tokens = [new_token() for _ in range(200)]
    assert len({Links.hash(token) for token in tokens}) == 200
    assert Links.hash(tokens[0]) == Links.hash(tokens[0])
    assert all(len(token) == 32 and token.isalnum() and token.isascii() for token in tokens)
