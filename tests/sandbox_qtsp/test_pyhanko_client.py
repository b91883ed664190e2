"""A CSC client that others wrote (pyHanko's, version 1.0.4) signs a PDF with a sandbox credential."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfSignatureMetadata, async_sign_pdf
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend

from tests.pdfs import one_page_pdf
from tests.sandbox_qtsp.box import Box


class Explicit(CSCAuthorizationManager):
    def __init__(self, http: aiohttp.ClientSession, session: CSCServiceSessionInfo, info: Any) -> None:
        super().__init__(csc_session_info=session, credential_info=info)
        self._http = http

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        request = self.format_csc_auth_request(num_signatures=len(hash_b64s), pin="1234", hash_b64s=hash_b64s)
        url = self.csc_session_info.endpoint_url("credentials/authorize")
        async with self._http.post(url, json=request, headers=self.auth_headers) as answer:
            return self.parse_csc_auth_response(await answer.json())


async def test_a_pdf_is_signed_timestamped_and_judged(box: Box) -> None:
    session = CSCServiceSessionInfo(
        service_url=box.url, credential_id=box.user(), oauth_token=box.service_token(1), api_ver="v1"
    )
    async with aiohttp.ClientSession() as http:
        info = await fetch_certs_in_csc_credential(http, session)
        assert info.hash_pinning_required
        signer = CSCSigner(http, Explicit(http, session, info), est_raw_signature_size=72)
        out = io.BytesIO()
        await async_sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(one_page_pdf())),
            PdfSignatureMetadata(field_name="Signature", md_algorithm="sha256"),
            signer=signer,
            timestamper=HTTPTimeStamper(f"{box.url}/tsa", session=http),
            output=out,
        )
        root = x509.Certificate.load(box.http.get(f"{box.url}/root.crt").content)
        context = ValidationContext(
            trust_roots=[root],
            allow_fetching=True,
            revocation_mode="require",
            fetcher_backend=AIOHttpFetcherBackend(http),
        )
        (embedded,) = PdfFileReader(out).embedded_signatures
        status = await async_validate_pdf_signature(embedded, context)
    assert status.bottom_line, status.pretty_print_details()
    assert status.timestamp_validity is not None
