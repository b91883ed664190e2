"""Timestamp responses that are wrong in one chosen way, made with asn1crypto's object model.

It shares no code with what it tests: with nothing chosen it makes a response that must pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asn1crypto import algos, cms, core, tsp, x509

from qsignhub.timestamping.request import TimestampRequest
from tests.pki import TSA_POLICY, LoadedKey


@dataclass
class Forgery:
    signer: LoadedKey
    certificates: Sequence[bytes] | None = None
    """What is embedded; the signer's and its chain unless said otherwise."""
    info: dict[str, Any] = field(default_factory=dict)
    """Fields of TSTInfo to replace; None takes the field out."""
    content_type: str = "tst_info"
    message_digest: bytes | None = None
    ess: bytes | None = None
    """The certificate that ESSCertID speaks of; the signer's."""
    ess_version: int = 2
    digest_algorithm: str = "sha256"
    sign_with: LoadedKey | None = None
    signer_infos: int = 1
    by_key_identifier: bool = False
    status: str = "granted"
    moment: datetime | None = None

    def respond(self, request: TimestampRequest) -> bytes:
        info = self._info(request)
        content = info.dump()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": [self.content_type]}),
                cms.CMSAttribute(
                    {
                        "type": "message_digest",
                        "values": [
                            self.message_digest or hashlib.new(self.digest_algorithm, content).digest()
                        ],
                    }
                ),
                self._ess(),
            ]
        )
        certificate = x509.Certificate.load(self.signer.der)
        sid = (
            cms.SignerIdentifier("subject_key_identifier", certificate.key_identifier_value)
            if self.by_key_identifier
            else cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber(
                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                ),
            )
        )
        signer_info = cms.SignerInfo(
            {
                "version": "v3" if self.by_key_identifier else "v1",
                "sid": sid,
                "digest_algorithm": {"algorithm": self.digest_algorithm},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": (self.sign_with or self.signer).sign(attributes.dump()),
            }
        )
        embedded = [self.signer.der, *self.signer.chain] if self.certificates is None else self.certificates
        signed_data = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": self.digest_algorithm}],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": cms.ParsableOctetString(content),
                },
                "certificates": [x509.Certificate.load(der) for der in embedded],
                "signer_infos": [signer_info] * self.signer_infos,
            }
        )
        response: bytes = tsp.TimeStampResp(
            {
                "status": {"status": self.status},
                "time_stamp_token": cms.ContentInfo({"content_type": "signed_data", "content": signed_data}),
            }
        ).dump()
        return response

    def _info(self, request: TimestampRequest) -> tsp.TSTInfo:
        fields: dict[str, Any] = {
            "version": "v1",
            "policy": TSA_POLICY,
            "message_imprint": {
                "hash_algorithm": {"algorithm": request.hash_algorithm},
                "hashed_message": request.imprint,
            },
            "serial_number": 17,
            "gen_time": core.GeneralizedTime((self.moment or datetime.now(UTC)).replace(microsecond=0)),
            "accuracy": {"seconds": 1},
            "nonce": request.nonce,
        }
        fields.update(self.info)
        return tsp.TSTInfo({name: value for name, value in fields.items() if value is not None})

    def _ess(self) -> cms.CMSAttribute:
        named = self.ess or self.signer.der
        if self.ess_version == 1:
            first = tsp.SigningCertificate(
                {"certs": [tsp.ESSCertID({"cert_hash": hashlib.sha1(named).digest()})]}
            )
            return cms.CMSAttribute({"type": "signing_certificate", "values": [first]})
        second = tsp.SigningCertificateV2(
            {
                "certs": [
                    tsp.ESSCertIDv2(
                        {
                            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha512"}),
                            "cert_hash": hashlib.sha512(named).digest(),
                        }
                    )
                ]
            }
        )
        return cms.CMSAttribute({"type": "signing_certificate_v2", "values": [second]})
