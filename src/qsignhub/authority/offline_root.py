"""The root's key on a file of its own, away from the service (EN 319 411-1 clause 6.5.1).

With it away nothing changes at run time: CA certificates and the root's CRL are there. It is needed for a
new base URL, for a new CRL before the year is over, and to revoke a CA.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from qsignhub.authority.crls import ROOT
from qsignhub.authority.errors import AuthorityRootOffline, RootKeyFileUnusable
from qsignhub.authority.keys import AuthorityKeys

MIN_PASSPHRASE = 12
_ROUNDS = 600_000  # PBKDF2 with SHA-256


async def export_root(keys: AuthorityKeys, certificate: bytes, file: Path, passphrase: bytes) -> None:
    """Writes the key to a new file (PKCS#12, with the certificate), reads it back, and takes it out of the
    vault.

    ``certificate`` is the root's (DER). Raises AuthorityRootOffline where it is away already,
    RootKeyFileUnusable where the file is there or the passphrase is short.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise RootKeyFileUnusable(f"The passphrase has at least {MIN_PASSPHRASE} characters.")
    key = await keys.find(ROOT)
    if key is None:
        raise AuthorityRootOffline("The root's key is not in the vault: it was exported before.")
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    root = x509.load_der_x509_certificate(certificate)
    encoded = pkcs12.serialize_key_and_certificates(b"root", key, root, None, encryption)
    try:
        _write_new(file, encoded)
    except OSError as wrong:
        raise RootKeyFileUnusable(f"{file} cannot be written: {wrong.strerror}.") from wrong
    read_root_file(file, passphrase, certificate)
    await keys.take_root_out()


async def import_root(keys: AuthorityKeys, certificate: bytes, file: Path, passphrase: bytes) -> None:
    """Brings the key of this root back into the vault; the file stays. Raises RootKeyFileUnusable."""
    await keys.keep_root(read_root_file(file, passphrase, certificate))


def read_root_file(file: Path, passphrase: bytes, certificate: bytes) -> ec.EllipticCurvePrivateKey:
    """Raises RootKeyFileUnusable, and for the key of another root too."""
    try:
        key, _, _ = pkcs12.load_key_and_certificates(file.read_bytes(), passphrase)
    except OSError as wrong:
        raise RootKeyFileUnusable(f"{file} cannot be read: {wrong.strerror}.") from wrong
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise RootKeyFileUnusable(f"{file} is not a key that this passphrase opens.") from wrong
    root = x509.load_der_x509_certificate(certificate)
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    own = root.public_key().public_bytes(*form)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key().public_bytes(*form) != own:
        raise RootKeyFileUnusable(f"{file} holds the key of another root.")
    return key


def _write_new(file: Path, content: bytes) -> None:
    """For its owner alone, and on disk before the key leaves the vault."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
