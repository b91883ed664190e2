"""What a credential asks of its signer, and what of it we can show (clause 11.5; v2, clause 8.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from qsignhub.custody.csc.errors import CscMalformed
from qsignhub.custody.csc.model import AuthenticationObject, CredentialInfo

Mode = Literal["implicit", "explicit", "oauth2code"]
Otp = Literal["none", "offline", "online"]

_OUT_OF_BAND = frozenset({"PasswordOOB", "ChallengeResponseOOB"})
_IN_BAND = frozenset({"Password", "ChallengeResponse"})


@dataclass(frozen=True, slots=True)
class Demands:
    """``otp``: ``online`` codes are sent out on demand, ``offline`` ones come from the signer's device.

    ``objects`` and ``expression`` are v2's own words for it; v1 has none.
    """

    mode: Mode
    pin: bool
    otp: Otp
    objects: tuple[AuthenticationObject, ...] = ()
    expression: str | None = None

    @property
    def secrets(self) -> bool:
        """Whether the signer has to give us something before the key can be used."""
        return self.mode == "oauth2code" or self.pin or self.otp != "none"

    def shown(self, pin: str | None, otp: str | None) -> list[dict[str, str]] | None:
        """v2's ``authData`` for what the signer gave; None if that does not satisfy the expression."""
        values = {
            one.id: {"id": one.id} if one.type in _OUT_OF_BAND else {"id": one.id, "value": value}
            for one in self.objects
            if (value := _value(one, pin, otp)) is not None
        }
        for chosen in _subsets(list(values)):
            if _satisfied(self.expression, [one.id for one in self.objects], chosen):
                return [values[name] for name in values if name in chosen]
        return None

    def otp_object(self) -> str | None:
        """The id of v2's object whose challenge is to be sent out."""
        return next((one.id for one in self.objects if one.type == "ChallengeResponse"), None)


def demands(info: CredentialInfo) -> Demands:
    """Raises CscMalformed where the credential does not say, in known ways, how it is authorised."""
    if info.auth is None:
        if info.auth_mode is None:
            raise CscMalformed("The remote signing service does not say how the credential is authorised.")
        explicit = info.auth_mode == "explicit"
        otp: Otp = "none"
        if explicit and info.otp.presence == "true":
            otp = info.otp.type or "offline"
        return Demands(info.auth_mode, explicit and info.pin.presence == "true", otp)
    if info.auth.mode != "explicit":
        return Demands(info.auth.mode, pin=False, otp="none")
    objects = info.auth.objects
    if unknown := {one.type for one in objects} - _IN_BAND - _OUT_OF_BAND:
        raise CscMalformed(f"The credential asks for what is not known here: {sorted(unknown)}.")
    names = [one.id for one in objects]
    if len(set(names)) != len(names):
        raise CscMalformed("The credential names two authentication objects alike.")
    # parsed once for its errors: a signer must not be asked first
    _satisfied(info.auth.expression, names, frozenset(names))
    return Demands(
        "explicit",
        pin=any(_factor(one) == "pin" for one in objects),
        otp=_otp(objects),
        objects=tuple(objects),
        expression=info.auth.expression,
    )


def _factor(one: AuthenticationObject) -> Literal["pin", "otp", "none"]:
    if one.type in _OUT_OF_BAND:
        return "none"
    if one.type == "ChallengeResponse" or one.generator or "otp" in one.id.lower():
        return "otp"
    return "pin"


def _otp(objects: Sequence[AuthenticationObject]) -> Otp:
    if any(one.type == "ChallengeResponse" for one in objects):
        return "online"
    return "offline" if any(_factor(one) == "otp" for one in objects) else "none"


def _value(one: AuthenticationObject, pin: str | None, otp: str | None) -> str | None:
    by_factor: Mapping[str, str | None] = {"pin": pin, "otp": otp, "none": ""}
    return by_factor[_factor(one)]


def _subsets(names: Sequence[str]) -> Iterator[Set[str]]:
    """The largest first: all that the signer gave is shown, unless the expression forbids it (XOR)."""
    for size in range(len(names), -1, -1):
        yield from (frozenset(chosen) for chosen in combinations(names, size))


def _satisfied(expression: str | None, names: Sequence[str], shown: Set[str]) -> bool:
    """v2: ``PIN AND (OTP OR SMS)``; without an expression all objects are asked for."""
    if not expression or not expression.strip():
        return all(name in shown for name in names)
    # an id may have blanks in it, so the known ids are the words, the longest first
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    tokens = re.findall(rf"\s*({words + '|' if words else ''}AND|OR|XOR|[()])", expression)
    if "".join(tokens).replace(" ", "") != re.sub(r"\s+", "", expression):
        raise CscMalformed("The credential's authorisation expression cannot be read.")
    reading = _Reading(tokens, set(names), shown)
    value = reading.either()
    if reading.left:
        raise CscMalformed("The credential's authorisation expression cannot be read.")
    return value


class _Reading:
    """AND binds tighter than XOR and OR, which the specification leaves open; parentheses before all."""

    def __init__(self, tokens: list[str], names: Set[str], shown: Set[str]) -> None:
        self.left = tokens
        self._names = names
        self._shown = shown

    def either(self) -> bool:
        value = self._both()
        while self.left and self.left[0] in {"OR", "XOR"} and self.left[0] not in self._names:
            operator = self.left.pop(0)
            other = self._both()
            value = value or other if operator == "OR" else value != other
        return value

    def _both(self) -> bool:
        value = self._one()
        while self.left and self.left[0] == "AND":
            self.left.pop(0)
            other = self._one()
            value = value and other
        return value

    def _one(self) -> bool:
        token = self.left.pop(0) if self.left else ""
        if token in self._names:
            return token in self._shown
        if token == "(":  # noqa: S105
            value = self.either()
            if self.left and self.left.pop(0) == ")":
                return value
        raise CscMalformed("The credential's authorisation expression cannot be read.")
