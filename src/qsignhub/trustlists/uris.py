"""The URIs of trusted lists (ETSI TS 119 612 clause 5 and annex D) that decide something here."""

from __future__ import annotations

from typing import Final

TSL = "http://uri.etsi.org/02231/v2#"
TSL_XML = "{" + TSL + "}"
EXTENSIONS = "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#"
EXTENSIONS_XML = "{" + EXTENSIONS + "}"
ADDITIONAL = "http://uri.etsi.org/02231/v2/additionaltypes#"
ADDITIONAL_XML = "{" + ADDITIONAL + "}"
XADES_XML = "{http://uri.etsi.org/01903/v1.3.2#}"
DS_XML = "{http://www.w3.org/2000/09/xmldsig#}"

CA_QC: Final = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
OCSP_QC: Final = "http://uri.etsi.org/TrstSvc/Svctype/Certstatus/OCSP/QC"
TSA_QTST: Final = "http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST"

_STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
GRANTED: Final = _STATUS + "granted"
WITHDRAWN: Final = _STATUS + "withdrawn"
GRANTED_BEFORE_EIDAS = frozenset(
    _STATUS + name for name in ("undersupervision", "supervisionincessation", "accredited")
)
"""What stood for ``granted`` until 30 June 2016 (TS 119 612 annex D.5.1.3)."""

_INFORMATION = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
FOR_ESIGNATURES: Final = _INFORMATION + "ForeSignatures"
FOR_ESEALS: Final = _INFORMATION + "ForeSeals"
FOR_WEBSITES: Final = _INFORMATION + "ForWebSiteAuthentication"

NOT_QUALIFIED: Final = _INFORMATION + "NotQualified"
QC_STATEMENT: Final = _INFORMATION + "QCStatement"
QC_FOR_ESIG: Final = _INFORMATION + "QCForESig"
QC_FOR_ESEAL: Final = _INFORMATION + "QCForESeal"
QC_FOR_WSA: Final = _INFORMATION + "QCForWSA"
QC_FOR_LEGAL_PERSON: Final = _INFORMATION + "QCForLegalPerson"
WITH_DEVICE = frozenset(_INFORMATION + name for name in ("QCWithQSCD", "QCWithSSCD", "QCQSCDManagedOnBehalf"))
WITHOUT_DEVICE = frozenset(_INFORMATION + name for name in ("QCNoQSCD", "QCNoSSCD"))
DEVICE_AS_IN_CERTIFICATE = frozenset(
    _INFORMATION + name for name in ("QCQSCDStatusAsInCert", "QCSSCDStatusAsInCert")
)
