"""What a signature's own CMS object carries for its validation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from asn1crypto import cms, crl

from qsignhub.signing.cades.format import CAdES
from qsignhub.validation.evidence import carried_evidence
from tests.signing.ades_signing import root_crl, signed_by_all


async def test_lists_in_signed_data_are_read(tmp_path: Path) -> None:
    file = tmp_path / "signed.p7m"
    await signed_by_all(CAdES(attached=True), b"document", file, 1)
    signed_data = cms.ContentInfo.load(file.read_bytes())["content"]
    assert {one.name for one in signed_data["crls"]} == {"crl", "other"}
    certificate, *others = [one.chosen for one in signed_data["certificates"]]
    signature = SimpleNamespace(
        signed_data=signed_data,
        signer_info=signed_data["signer_infos"][0],
        signer_cert=certificate,
        other_embedded_certs=others,
    )
    found = carried_evidence(signature)  # type: ignore[arg-type]  # as much of it as is asked for
    assert [one.crl_data.dump() for one in found.crls] == [crl.CertificateList.load(root_crl()).dump()]
