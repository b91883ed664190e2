"""Where signing keys live, by the operator's choice: in software, or in an HSM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from qsignhub.bootstrap.trust_parts import TrustParts
from qsignhub.custody.adapters.software import SoftwareCustody
from qsignhub.custody.gate import Gate
from qsignhub.custody.ports import KeyCustody, SecretStore

MakeCustody: TypeAlias = Callable[[SecretStore, Gate], KeyCustody]


def custody_maker(place: Literal["software", "pkcs11"], parts: TrustParts) -> MakeCustody:
    """Raises HsmNotConfigured where keys are to live in an HSM that the settings do not name."""
    if place == "software":
        return SoftwareCustody
    # only those wait for this import, and need the library's C extension, who have an HSM
    from qsignhub.custody.adapters.pkcs11 import Pkcs11Custody  # noqa: PLC0415

    hsm = parts.settings.required_hsm()

    def in_hsm(_: SecretStore, gate: Gate) -> KeyCustody:
        custody = Pkcs11Custody(hsm.module, hsm.token, hsm.pin, parts.register, gate, sessions=hsm.sessions)
        parts.stack.push_async_callback(custody.close)
        return custody

    return in_hsm
