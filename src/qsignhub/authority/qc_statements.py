"""QCStatements (RFC 3739 clause 3.2.6; EN 319 412-5): what a certificate claims about itself."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.foundation import der

OID = "1.3.6.1.5.5.7.1.3"
_COMPLIANCE = der.object_identifier("0.4.0.1862.1.1")
_SSCD = der.object_identifier("0.4.0.1862.1.4")
_PDS = der.object_identifier("0.4.0.1862.1.5")
_TYPE = der.object_identifier("0.4.0.1862.1.6")
_LEGISLATION = der.object_identifier("0.4.0.1862.1.7")
_SYNTAX_V2 = der.object_identifier("1.3.6.1.5.5.7.11.2")
ESIGN = der.object_identifier("0.4.0.1862.1.6.1")
ESEAL = der.object_identifier("0.4.0.1862.1.6.2")
NATURAL_PERSON = der.object_identifier("0.4.0.194121.1.1")
LEGAL_PERSON = der.object_identifier("0.4.0.194121.1.2")


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
            der.sequence(
                der.encode(der.IA5, url.encode("ascii")), der.encode(der.PRINTABLE, language.encode())
            )
            for url, language in statements.pds
        ]
        parts.append(der.sequence(_PDS, der.sequence(*locations)))
    return der.sequence(*parts)


def read(value: bytes) -> QcStatements:
    """Reads an extension's value. Raises ValueError."""
    found: dict[bytes, list[der.Element]] = {}
    for statement in der.elements(der.read(value).content):
        identifier, *information = der.elements(statement.content)
        if statement.tag != der.SEQUENCE or identifier.tag != der.OBJECT_IDENTIFIER:
            raise ValueError("a QCStatement begins with its identifier")
        if found.setdefault(identifier.raw, information) is not information:
            raise ValueError("a QCStatement stands there twice")
    return QcStatements(
        compliance=_COMPLIANCE in found,
        sscd=_SSCD in found,
        types=tuple(each.raw for each in _items(found.get(_TYPE))),
        pds=tuple(_location(each.content) for each in _items(found.get(_PDS))),
        semantics=next((each.raw for each in _items(found.get(_SYNTAX_V2))), None),
        legislation=_LEGISLATION in found,
    )


def _items(information: list[der.Element] | None) -> list[der.Element]:
    if not information:
        return []
    [sequence] = information
    if sequence.tag != der.SEQUENCE:
        raise ValueError("a QCStatement's information is one sequence")
    return der.elements(sequence.content)


def _location(content: bytes) -> tuple[str, str]:
    url, language = der.elements(content)
    return url.content.decode("ascii"), language.content.decode("ascii")
