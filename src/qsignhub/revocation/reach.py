"""Whether an answer still tells of a certificate that has ended.

An issuer may drop what has ended from its lists and its answers (RFC 5280 clause 3.3, RFC 6960 clause 4.4.4):
from then on "good" says only that it is not there. The extensions expiredCertsOnCRL (ITU-T X.509) and
archiveCutoff say since when what ended is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509

from qsignhub.foundation.der import GENERALIZED_TIME, encode, read

EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")
ARCHIVE_CUTOFF = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.6")


def reaches(certificate: x509.Certificate, this_update: datetime, kept_since: datetime | None) -> bool:
    """``kept_since``: what ended at that time or later is still told of; None: nothing that has ended."""
    end = certificate.not_valid_after_utc
    return this_update <= end or (kept_since is not None and kept_since <= end)


def expired_certs_on_crl(kept_since: datetime) -> x509.UnrecognizedExtension:
    """The extension of a list from which nothing is dropped that ended at that time or later."""
    moment = kept_since.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    return x509.UnrecognizedExtension(EXPIRED_CERTS_ON_CRL, encode(GENERALIZED_TIME, moment.encode()))


def moment_in(extensions: x509.Extensions, oid: x509.ObjectIdentifier) -> datetime | None:
    """The GeneralizedTime that an extension consists of. Raises ValueError where it is none."""
    try:
        value = extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
    content = read(value.public_bytes(), GENERALIZED_TIME).content.decode("ascii")
    return datetime.strptime(content, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
