"""QCStatements (RFC 3739 clause 3.2.6; EN 319 412-5): what a certificate claims about itself."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.authority import der

OID = "1.3.6.1.5.5.7.1.3"
_COMPLIANCE = der.oid("0.4.0.1862.1.1")
_SSCD = der.oid("0.4.0.1862.1.4")
_PDS = der.oid("0.4.0.1862.1.5")
_TYPE = der.oid("0.4.0.1862.1.6")
_LEGISLATION = der.oid("0.4.0.1862.1.7")
_SYNTAX_V2 = der.oid("1.3.6.1.5.5.7.11.2")
ESIGN = der.oid("0.4.0.1862.1.6.1")
ESEAL = der.oid("0.4.0.1862.1.6.2")
NATURAL_PERSON = der.oid("0.4.0.194121.1.1")
LEGAL_PERSON = der.oid("0.4.0.194121.1.2")


@dataclass(frozen=True, slots=True)
class QcStatements:
    """``types`` and ``semantics`` are object identifiers in DER; ``pds`` are URL and language."""

    compliance: bool = False
    sscd: bool = False
    types: tuple[bytes, ...] = ()
    pds: tuple[tuple[str, str], ...] = ()
    semantics: bytes | None = None
    legislation: bool = False


def encode(statements: QcStatements) -> bytes:
    """The extension's value. The order is that of EN 319 412-5 clause 4."""
    parts = []
    if statements.semantics is not None:
        parts.append(der.sequence(_SYNTAX_V2, der.sequence(statements.semantics)))
    if statements.compliance:
        parts.append(der.sequence(_COMPLIANCE))
    if statements.sscd:
        parts.append(der.sequence(_SSCD))
    if statements.types:
        parts.append(der.sequence(_TYPE, der.sequence(*statements.types)))
    if statements.pds:
        locations = [
            der.sequence(der.emit(der.IA5, url.encode("ascii")), der.emit(der.PRINTABLE, language.encode()))
            for url, language in statements.pds
        ]
        parts.append(der.sequence(_PDS, der.sequence(*locations)))
    return der.sequence(*parts)


def read(value: bytes) -> QcStatements:
    """Reads an extension's value. Raises ValueError."""
    tag, content, rest = der.read(value)
    if tag != der.SEQUENCE or rest:
        raise ValueError("QCStatements is one sequence")
    found: dict[bytes, bytes] = {}
    for inner, statement in der.read_all(content):
        kind, identifier, information = der.read(statement)
        if inner != der.SEQUENCE or kind != der.OID:
            raise ValueError("a QCStatement begins with its identifier")
        if found.setdefault(der.emit(kind, identifier), information) is not information:
            raise ValueError("a QCStatement stands there twice")
    return QcStatements(
        compliance=_COMPLIANCE in found,
        sscd=_SSCD in found,
        types=tuple(der.emit(*each) for each in _items(found.get(_TYPE))),
        pds=tuple(_location(content) for _, content in _items(found.get(_PDS))),
        semantics=next((der.emit(*each) for each in _items(found.get(_SYNTAX_V2))), None),
        legislation=_LEGISLATION in found,
    )


def _items(information: bytes | None) -> list[tuple[int, bytes]]:
    if information is None:
        return []
    tag, content, rest = der.read(information)
    if tag != der.SEQUENCE or rest:
        raise ValueError("a QCStatement's information is one sequence")
    return list(der.read_all(content))


def _location(content: bytes) -> tuple[str, str]:
    (_, url), (_, language) = der.read_all(content)
    return url.decode("ascii"), language.decode("ascii")
