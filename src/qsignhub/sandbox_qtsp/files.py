"""The QTSP's folder: keys and records that only its owner may read."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


def load_or_make_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """A P-256 key as PEM (PKCS #8), mode 0600; made if it is not there."""
    if not file.exists():
        fresh = ec.generate_private_key(ec.SECP256R1())
        write_private(file, fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} is not an elliptic-curve key")
    return key


def load_or_make_text(file: Path, fresh: str) -> str:
    if not file.exists():
        write_private(file, fresh.encode())
    return file.read_text().strip()


def write_private(file: Path, content: bytes) -> None:
    """Whole or not at all, mode 0600."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    partial.replace(file)
