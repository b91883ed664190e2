"""The baseline level that a signature really has (EN 319 142-1 clause 6), whatever it claims."""

from __future__ import annotations

from asn1crypto import cms

from qsignhub.validation.document import SignedField

_SIGNING_CERTIFICATE = frozenset({"signing_certificate", "signing_certificate_v2"})


def baseline(field: SignedField, *, proven_time: bool, validation_data: bool, archived: bool) -> str:
    """:param proven_time: an intact timestamp of the signature, or of the document after it
    :param validation_data: the security store speaks about the signing certificate
    :param archived: an intact document timestamp covers that validation data
    """
    level = "B-B"
    if proven_time:
        level = "B-T"
        if validation_data:
            level = "B-LTA" if archived else "B-LT"
    return f"{_family(field)}-{level}"


def _family(field: SignedField) -> str:
    """PAdES by its encoding and its mandatory attribute (clause 6.3, table 1), otherwise plain CMS."""
    if field.signature is None or field.sub_filter != "/ETSI.CAdES.detached":
        return "PKCS7"
    info: cms.SignerInfo = field.signature.signer_info
    present = {attribute["type"].native for attribute in info["signed_attrs"] or ()}
    return "PAdES" if present & _SIGNING_CERTIFICATE else "PKCS7"
