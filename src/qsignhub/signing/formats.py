"""The formats by their names in the API: format and packaging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qsignhub.signing.asic.cades import ASiCWithCAdES
from qsignhub.signing.asic.xades import InContainer
from qsignhub.signing.cades.format import CAdES
from qsignhub.signing.format import Format
from qsignhub.signing.pades.format import PAdES
from qsignhub.signing.xades.format import XAdES
from qsignhub.signing.xades.in_one_file import Detached, Enveloped, Enveloping

FORMATS: Final[Mapping[tuple[str, str], Format]] = {
    ("pades", "enveloped"): PAdES(),
    ("xades", "enveloped"): XAdES(Enveloped()),
    ("xades", "enveloping"): XAdES(Enveloping()),
    ("xades", "detached"): XAdES(Detached()),
    ("xades", "asic_e"): XAdES(InContainer()),
    ("cades", "attached"): CAdES(attached=True),
    ("cades", "detached"): CAdES(attached=False),
    ("cades", "asic_e"): ASiCWithCAdES(),
}
