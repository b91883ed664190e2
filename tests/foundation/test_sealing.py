from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsignhub.foundation.sealing import MasterKey, MasterKeyMissing, SealBroken

KEY = MasterKey(bytes(range(32)))
OTHER = MasterKey(bytes(range(1, 33)))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=200))
def test_what_was_sealed_opens(purpose: str, name: str, plaintext: bytes) -> None:
    sealed = KEY.seal(purpose, name, plaintext)
    assert KEY.unseal(purpose, name, sealed) == plaintext
    assert MasterKey(bytes(range(32))).unseal(purpose, name, sealed) == plaintext


def test_a_sealed_value_opens_only_for_its_purpose_and_name() -> None:
    sealed = KEY.seal("custody.signing-key", "sgn_1", b"secret")
    for purpose, name in [("custody.signing-key", "sgn_2"), ("webhook", "sgn_1"), ("", ""), ("sgn_1", "")]:
        with pytest.raises(SealBroken):
            KEY.unseal(purpose, name, sealed)


def test_another_master_key_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        OTHER.unseal("purpose", "name", KEY.seal("purpose", "name", b"secret"))


def test_every_altered_byte_is_noticed() -> None:
    sealed = KEY.seal("purpose", "name", b"short")
    for at in range(len(sealed)):
        for flip in (0x01, 0x80):
            altered = bytearray(sealed)
            altered[at] ^= flip
            with pytest.raises(SealBroken):
                KEY.unseal("purpose", "name", bytes(altered))


def test_a_shortened_or_lengthened_value_is_noticed() -> None:
    sealed = KEY.seal("purpose", "name", b"short")
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            KEY.unseal("purpose", "name", sealed[:length])
    with pytest.raises(SealBroken):
        KEY.unseal("purpose", "name", sealed + b"\0")


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    sealed = {KEY.seal("purpose", "name", b"secret") for _ in range(20)}
    assert len(sealed) == 20
    assert all(b"secret" not in value for value in sealed)


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {KEY.derive(purpose) for purpose in ("a", "b", "file-link")}
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)
    assert KEY.derive("a") not in {OTHER.derive("a"), bytes(range(32))}
    assert KEY.authenticate("a", b"message") != KEY.authenticate("b", b"message")


def test_a_derived_key_is_as_rfc_5869_computes_it() -> None:
    """Fixed for ever: what was sealed by an earlier version opens."""
    program = (
        "import hmac,sys;"
        "prk=hmac.digest(bytes(32),bytes(range(32)),'sha256');"
        "sys.stdout.write(hmac.digest(prk,b'file-link\\x01','sha256').hex())"
    )
    expected = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert KEY.derive("file-link").hex() == expected.stdout


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "0" * 63, "QSignHub" * 8])
def test_a_key_of_another_size_or_alphabet_is_refused(text: str) -> None:
    with pytest.raises(MasterKeyMissing):
        MasterKey.from_hex(text)


def test_the_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    sealed = MasterKey.from_file(path).seal("purpose", "name", b"secret")
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert MasterKey.from_file(path).unseal("purpose", "name", sealed) == b"secret"
    assert path.read_text() == text
    assert bytes.fromhex(text)
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.touch()
    with pytest.raises(MasterKeyMissing):
        MasterKey.from_file(path)
    assert path.read_bytes() == b""


def test_processes_that_make_the_file_at_once_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    program = (
        "import sys;from pathlib import Path;from qsignhub.foundation.sealing import MasterKey;"
        "sys.stdin.read(1);"
        "sys.stdout.write(MasterKey.from_file(Path(sys.argv[1])).derive('x').hex())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate()[0] for process in processes}
    assert keys == {MasterKey.from_file(path).derive("x").hex()}
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_process_never_meets_half_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever moment of the making it is in: the file is not there, or whole."""
    path = tmp_path / "master.key"
    met: list[str] = []

    def look() -> None:
        met.append(path.read_text() if path.exists() else "absent")

    def make_key(size: int) -> str:
        look()
        return "ab" * size

    def sync(_descriptor: int) -> None:
        look()

    monkeypatch.setattr("secrets.token_hex", make_key)
    monkeypatch.setattr("os.fsync", sync)
    MasterKey.from_file(path)
    assert met
    assert set(met) <= {"absent", path.read_text()}
