"""The path from a TSA's certificate to a trust anchor (RFC 5280, section 6), validated once per path."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from qsignhub.timestamping.errors import AuthorityUntrusted

_REMEMBERED = 256
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Window:
    """When every certificate of a path is valid."""

    start: datetime
    end: datetime


_Key = tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]
_windows: dict[_Key, _Window] = {}


def check_path(
    certificate: bytes, others: Sequence[bytes], anchors: Sequence[bytes], moment: datetime
) -> None:
    """A path from ``certificate`` over ``others`` to one of ``anchors``, valid at ``moment``.

    Certificates are DER; an anchor may be the TSA's certificate itself, as in the EU's trusted lists.
    Revocation is not looked at here: that is validation's, with proofs of its own. A path that held is
    remembered with the time within which it holds. Raises AuthorityUntrusted.
    """
    key = (certificate, tuple(others), tuple(anchors))
    window = _windows.get(key)
    if window is None or not window.start <= moment <= window.end:
        window = _validate(certificate, others, anchors, moment)
        if len(_windows) >= _REMEMBERED:
            _windows.clear()
        _windows[key] = window


def _validate(
    certificate: bytes, others: Sequence[bytes], anchors: Sequence[bytes], moment: datetime
) -> _Window:
    if certificate in anchors:
        return _window([certificate])
    try:
        context = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(anchor, strict=True) for anchor in anchors],
            moment=moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        validator = CertificateValidator(
            asn1_x509.Certificate.load(certificate, strict=True),
            intermediate_certs=[asn1_x509.Certificate.load(other, strict=True) for other in others],
            validation_context=context,
        )
        path = _finished(validator.async_validate_usage(set(), {"time_stamping"}))  # type: ignore[no-untyped-call]
    except (PathError, ValidationError, ValueError) as wrong:
        raise AuthorityUntrusted(f"The timestamp authority's certificate is not trusted: {wrong}") from wrong
    return _window([member.dump() for member in path.iter_certs(include_root=True)])


def _window(path: Sequence[bytes]) -> _Window:
    loaded = [x509.load_der_x509_certificate(member) for member in path]
    return _Window(
        max(member.not_valid_before_utc for member in loaded),
        min(member.not_valid_after_utc for member in loaded),
    )


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits: without fetching, path validation only computes."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("path validation waited for something though fetching is off")
