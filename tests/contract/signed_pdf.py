"""What a signed PDF really holds, read with pyHanko, asn1crypto and OpenSSL, and with nothing of ours."""

from __future__ import annotations

import io
import ssl
import subprocess
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, tsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader


@dataclass(frozen=True)
class EmbeddedSignature:
    field: str
    certificate: x509.Certificate
    value: bytes
    """The signature value: what its timestamp is about."""
    timestamp: tsp.TSTInfo
    authority: x509.Certificate

    @property
    def imprint(self) -> bytes:
        return bytes(self.timestamp["message_imprint"]["hashed_message"].native)

    @property
    def gen_time(self) -> datetime:
        moment = self.timestamp["gen_time"].native
        assert isinstance(moment, datetime)
        return moment

    @property
    def pem(self) -> str:
        return ssl.DER_cert_to_PEM_cert(self.certificate.dump())

    def printed_by_openssl(self, *what: str) -> dict[str, str]:
        """``openssl x509 -noout -serial -startdate ...`` as a mapping."""
        options = ["-noout", "-dateopt", "iso_8601", "-nameopt", "sep_multiline,lname", *what]
        said = subprocess.run(
            ["openssl", "x509", *options], input=self.pem, capture_output=True, text=True, check=True
        ).stdout
        lines = (line.strip().partition("=") for line in said.splitlines() if "=" in line)
        return {name: value for name, _, value in lines if value}


def signatures_of(pdf: bytes) -> list[EmbeddedSignature]:
    """In the order of the file, without the document timestamp."""
    return [
        EmbeddedSignature(
            embedded.field_name,
            embedded.signer_cert,
            bytes(embedded.signer_info["signature"].native),
            *_timestamp_of(embedded.signer_info),
        )
        for embedded in PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    ]


def _timestamp_of(signer_info: cms.SignerInfo) -> tuple[tsp.TSTInfo, x509.Certificate]:
    (token,) = next(
        attribute["values"]
        for attribute in signer_info["unsigned_attrs"]
        if attribute["type"].native == "signature_time_stamp_token"
    )
    signed_data = token["content"]
    (info,) = signed_data["signer_infos"]
    serial = info["sid"].chosen["serial_number"].native
    authority = next(
        each.chosen for each in signed_data["certificates"] if each.chosen.serial_number == serial
    )
    return signed_data["encap_content_info"]["content"].parsed, authority
