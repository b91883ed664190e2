"""Where an authority answers; these addresses stand in the certificates that it issues."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Urls:
    """``path`` is where the authority's services begin below ``base_url``: ``/pki``, ``/pki/{authority}``.

    Certificates, CRLs and OCSP are had over plain http (RFC 5280 clauses 4.2.1.13 and 8: what they carry is
    signed, and https could ask for the very status that it is about); behind a base URL with https that is
    port 80 of the same host. ``docs`` is where the policies stand.
    """

    base_url: str
    path: str = "/pki"
    docs_url: str | None = None

    @property
    def ocsp(self) -> str:
        return f"{self._services}/ocsp"

    def certificate(self, role: str) -> str:
        return f"{self._services}/{role}.crt"

    def crl(self, role: str) -> str:
        return f"{self._services}/{role}.crl"

    @property
    def practice_statement(self) -> str:
        """The cPSuri (RFC 5280 clause 4.2.1.4)."""
        return f"{self._docs}/policies/practice-statement"

    @property
    def disclosure_statement(self) -> str:
        """QcPDS, which has to be https (EN 319 412-5 clause 4.3.4)."""
        return f"https://{self._docs.partition('://')[2]}/policies/disclosure-statement"

    @property
    def _services(self) -> str:
        parts = urlsplit(self.base_url)
        if parts.scheme != "https":
            return f"{self.base_url}{self.path}"
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"http://{host}{parts.path}{self.path}"

    @property
    def _docs(self) -> str:
        return (self.docs_url or f"{self.base_url}/docs").rstrip("/")
