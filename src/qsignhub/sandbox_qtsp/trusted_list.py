"""The QTSP's trusted list: its CA, its OCSP responder and its TSA, all granted."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.sandbox_qtsp.authority import TERRITORY, Authority, der
from qsignhub.trustlists import uris
from qsignhub.trustlists.model import Service, ServiceState, TrustedList
from qsignhub.trustlists.writer import write_trusted_list

LIFETIME = timedelta(days=90)
NOTICE = "SANDBOX. This list has no legal value: nothing that it names is a qualified trust service."


def trusted_list(
    authority: Authority, at: datetime, signing_key: ec.EllipticCurvePrivateKey, *, status: str = uris.GRANTED
) -> bytes:
    """The signed list, issued at ``at``; ``status`` is that of the CA/QC service."""
    since = authority.root.not_valid_before_utc
    name = f"SANDBOX {authority.name}"
    informations = frozenset({uris.FOR_ESIGNATURES})

    def service(what: str, kind: str, status: str, *certificates: bytes) -> Service:
        return Service(f"{name} {what}", name, certificates, ServiceState(kind, status, since, informations))

    content = TrustedList(
        version=6,
        territory=TERRITORY,
        operator=f"{name} scheme operator",
        sequence_number=int(at.timestamp() / 60),
        issued_at=at.replace(microsecond=0),
        next_update=at.replace(microsecond=0) + LIFETIME,
        services=(
            service("issuing CA", uris.CA_QC, status, authority.issuers["ca-qes"].der),
            service("OCSP responder", uris.OCSP_QC, uris.GRANTED, der(authority.responders["ca-qes"])),
            service("TSA", uris.TSA_QTST, uris.GRANTED, der(authority.tsa)),
        ),
    )
    return write_trusted_list(
        content,
        key=signing_key,
        certificate=der(authority.list_signer),
        url=f"{authority.base_url}/tl.xml",
        notice=NOTICE,
    )
