"""The formats by their names in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qsignhub.signing.cades.format import CAdES
from qsignhub.signing.format import Format
from qsignhub.signing.pades.format import PAdES
from qsignhub.signing.xades.format import XAdES

FORMATS: Final[Mapping[str, Format]] = {"pades": PAdES(), "xades": XAdES(), "cades": CAdES()}
