"""Status from after the signer's certificate ended: DSS accepts what we say that it proves, and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from qsignhub.ceremonies.status_data import SignatureStatus
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.revocation.crl import build_crl
from qsignhub.revocation.model import CertificateStatus, Crl, OcspAnswer
from qsignhub.revocation.request import build_request
from qsignhub.revocation.responder import OcspResponder
from qsignhub.revocation.verify_crl import verify_crl
from qsignhub.revocation.verify_ocsp import verify_ocsp
from qsignhub.signing.format import DataObject, Intent, Made
from qsignhub.signing.pades.format import PAdES
from qsignhub.signing.validation_data import ValidationData
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.responder import TimestampResponder
from tests.ceremonies.judge import verdicts
from tests.pdfs import one_page_pdf
from tests.pki import DAY, TSA_POLICY, LoadedKey, TestPki


@pytest.mark.parametrize("source", ["crl", "ocsp"])
@pytest.mark.parametrize("keeps", [False, True])
async def test_dss_agrees(tmp_path: Path, source: str, keeps: bool) -> None:
    """The certificate ended 20 days ago, the signature is from 25 days ago, the status from now."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki = TestPki(now=now - 30 * DAY)
    signer = pki.issue("Short Lived", days=10)
    kept_since = pki.issuing.certificate.not_valid_before_utc if keeps else None
    then, today = SettableClock(now - 25 * DAY), SettableClock(now)
    responder = TimestampResponder(
        certificate=pki.tsa.der, chain=[pki.issuing.der], sign=pki.tsa.sign, policy=TSA_POLICY, clock=then
    )
    timestamps = InProcessTimestampAuthority(responder, clock=then, anchors=[pki.root.der])

    form, document, target = PAdES(), tmp_path / "document.pdf", tmp_path / "signed.pdf"
    document.write_bytes(one_page_pdf())
    data_object = DataObject("document.pdf", "application/pdf")
    intent = Intent("Signature-1", signer.der, ES256, then.now(), data_object, [pki.issuing.der])
    prepared = form.prepare(document, None, target, intent)
    value = ES256.sign(signer.private_key, form.message(prepared))
    token = await timestamps.timestamp(form.imprint(prepared, value, signer.der))

    def crl(issuer: LoadedKey, since: datetime | None) -> bytes:
        return build_crl(
            issuer=issuer.der,
            sign=issuer.sign,
            revoked=[],
            number=1,
            this_update=now,
            next_update=now + DAY,
            kept_since=since,
        )

    answers = OcspResponder(
        issuer=pki.issuing.der,
        certificate=pki.ocsp.der,
        sign=pki.ocsp.sign,
        clock=today,
        archive_cutoff=kept_since,
    )

    def ocsp(certificate: bytes) -> bytes:
        request = build_request(certificate, pki.issuing.der, nonce=None)
        return answers.respond(request, lambda _: CertificateStatus.good())

    certificates = [signer.der, pki.tsa.der, pki.issuing.der, pki.root.der]
    root_crl = crl(pki.root, None)
    answer: Crl | OcspAnswer
    if source == "crl":
        issued = crl(pki.issuing, kept_since)
        answer = verify_crl(issued, signer.der, pki.issuing.der, now=now)
        data = ValidationData(certificates, [], [issued, root_crl])
    else:
        told = ocsp(signer.der)
        answer = verify_ocsp(told, signer.der, pki.issuing.der, nonce=None, now=now)
        data = ValidationData(certificates, [told, ocsp(pki.tsa.der)], [root_crl])
    status = SignatureStatus(data, answer, token.gen_time, False, now, ())
    assert (status.proves, status.is_lost) == (keeps, not keeps)

    made = Made(prepared, True, data_object, signer.der, ES256, [pki.issuing.der], value, token.der, data)
    form.embed(target, made)
    [verdict] = verdicts(tmp_path, target.read_bytes(), pki.root.der)
    assert (verdict["indication"] == "TOTAL_PASSED") is status.proves, verdict
