"""Certificates that ``TestPki`` does not make: with other extensions than the usual ones."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.pki import DAY, LoadedKey, TestPki


def certificate(
    pki: TestPki,
    name: str,
    issuer: LoadedKey,
    extensions: Sequence[x509.ExtensionType] = (),
    key: ec.EllipticCurvePrivateKey | None = None,
) -> LoadedKey:
    """With these extensions alone, under ``issuer``; ``key`` where it is not to be a new one."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(pki.now - DAY)
        .not_valid_after(pki.now + 300 * DAY)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(issuer.private_key, hashes.SHA256())
    return LoadedKey(made, key, (issuer.certificate, *issuer.issuers))


def ca(
    pki: TestPki, name: str, issuer: LoadedKey, key: ec.EllipticCurvePrivateKey | None = None
) -> LoadedKey:
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return certificate(pki, name, issuer, [x509.BasicConstraints(True, None), usage], key)


def access(*urls: str) -> x509.AuthorityInformationAccess:
    """OCSP responders at these URLs."""
    return x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
            for url in urls
        ]
    )


def points(*urls: str) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    )
