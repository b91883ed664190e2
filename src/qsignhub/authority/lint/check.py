"""All rules over one certificate."""

from __future__ import annotations

from functools import cache

from cryptography import x509

from qsignhub.authority.errors import Finding
from qsignhub.authority.lint import extensions, fields, services, statements, subjects
from qsignhub.authority.lint.inspected import Unreadable, inspect
from qsignhub.authority.lint.rules import RULES, Rule
from qsignhub.authority.profiles import Kind, Profile

_ROOMS = (fields, extensions, services, statements, subjects)
"""Their rules are in the register once they are imported."""


def check(certificate: bytes, profile: Profile, issuer: x509.Certificate | None) -> tuple[Finding, ...]:
    """What is wrong with a certificate (DER) as one of ``profile``, issued by ``issuer``; None is itself.

    The signature is not looked at: it is a throw-away one.
    """
    try:
        found = inspect(certificate, profile, issuer)
    except Unreadable as wrong:
        return (Finding("readable", "RFC 5280 clause 4.1", str(wrong)),)
    twice = [Finding(each.name, each.clause, said) for each in _first() for said in each.judge(found)]
    if twice:
        return tuple(twice)
    return tuple(
        Finding(each.name, each.clause, said) for each in _rules(profile.kind) for said in each.judge(found)
    )


@cache
def _first() -> tuple[Rule, ...]:
    """Where an extension stands twice, what the others would read is not defined."""
    return tuple(each for each in RULES if each.name == fields.extensions_once.__name__)


@cache
def _rules(kind: Kind) -> tuple[Rule, ...]:
    return tuple(each for each in RULES if not each.kinds or kind in each.kinds)
