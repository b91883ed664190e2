"""What no digest covers: the room between the two halves of a byte range, and the CMS around the signature.

A byte range leaves out exactly the hexadecimal /Contents string (ISO 32000-2 12.8.1). In it, only the
signed attributes and what the signature value binds are protected; padding, version numbers, the list of
digest algorithms and spare certificates are not. Each is held here to the one form that it may have, so that
nothing can be altered or hidden there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from asn1crypto import cms, parser, x509
from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from qsignhub.validation.document import SignedDocument

_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")
_CONSTRUCTED = 0x20
_MAX_DEPTH = 64
_NO_PARAMETERS = (b"", b"\x05\x00")  # RFC 5754 clause 2: absent, or NULL
_KNOWN_UNSIGNED = frozenset({"signature_time_stamp_token"})


def byte_range_defects(document: SignedDocument, signature: EmbeddedPdfSignature) -> Iterator[str]:
    """The byte range leaves out exactly this signature's /Contents, and the padding is zero."""
    numbers = [int(number) for number in signature.byte_range]
    if len(numbers) != 4:
        yield "The byte range does not have four numbers."
        return
    start, first, resumed, second = numbers
    if start != 0 or first <= 0 or second <= 0 or resumed <= first or resumed + second > document.size:
        yield "The byte range does not describe two parts of this file around one gap."
        return
    document.source.seek(first)
    gap = document.source.read(resumed - first)
    inner = gap[1:-1]
    if gap[:1] != b"<" or gap[-1:] != b">" or len(inner) % 2 or not _HEXADECIMAL.issuperset(inner):
        yield "The byte range leaves out more than the signature's hexadecimal /Contents."
        return
    contents = bytes.fromhex(inner.decode("ascii"))
    if contents != signature.pkcs7_content:
        yield "What the byte range leaves out is not this signature's /Contents."
        return
    try:
        end = encoding_end(contents)
    except ValueError as error:
        yield f"The signature in /Contents is not a whole ASN.1 structure ({error})."
        return
    if any(contents[end:]):
        yield "There are data hidden in the padding after the signature in /Contents."


def encoding_end(data: bytes) -> int:
    """Where the first element ends, after checking that all nested elements fill their containers exactly.

    A length one too large would otherwise swallow a byte of the padding unnoticed. ISO 32000-2 table 255 asks
    for DER; BER's other forms of length (X.690 clause 8.1.3) occur in signatures of good standing.

    :raises ValueError: it is neither
    """
    return _walk(data, 0, len(data), 0)


def _walk(data: bytes, at: int, limit: int, depth: int) -> int:
    """Where the element at ``at`` ends."""
    tag, content, end = _header(data, at, limit)
    if depth > _MAX_DEPTH or (end is None and not tag & _CONSTRUCTED):
        raise ValueError("the elements are nested too deep or have no length")
    if not tag & _CONSTRUCTED:
        return content if end is None else end
    at = content
    while end is None or at < end:
        if end is None and data[at : at + 2] == b"\0\0":
            return at + 2
        at = _walk(data, at, limit if end is None else end, depth + 1)
    return end


def _header(data: bytes, at: int, limit: int) -> tuple[int, int, int | None]:
    """The element's tag, where its content starts, and where it ends (``None``: by its end marker)."""
    header = data[at : min(at + 6, limit)]
    if len(header) < 2 or header[0] == 0 or header[0] & 0x1F == 0x1F:
        raise ValueError("an element is cut short or has an impossible tag")
    if header[1] == 0x80:
        return header[0], at + 2, None
    size, width = header[1], 2
    if size > 0x7F:
        width += size & 0x7F
        if width > len(header):
            raise ValueError("a length is out of bounds")
        size = int.from_bytes(header[2:width], "big")
    if at + width + size > limit:
        raise ValueError("an element is longer than what holds it")
    return header[0], at + width, at + width + size


def cms_defects(contents: bytes) -> Iterator[str]:
    """The parts of SignedData that no signature protects have the one form RFC 5652 gives them."""
    content_info = cms.ContentInfo.load(contents)
    yield from _signed_data_defects(content_info)


def _signed_data_defects(content_info: cms.ContentInfo) -> Iterator[str]:
    if content_info["content_type"].native != "signed_data":
        yield "The CMS structure is not SignedData."
        return
    signed_data = content_info["content"]
    infos = signed_data["signer_infos"]
    if len(infos) != 1:
        yield "The CMS structure does not hold exactly one SignerInfo."
        return
    info = infos[0]
    by_key = info["sid"].name == "subject_key_identifier"
    if info["version"].native != ("v3" if by_key else "v1"):
        yield "The version number of the SignerInfo is not what RFC 5652 clause 5.3 asks."
    if signed_data["version"].native != _expected_version(signed_data, by_key=by_key):
        yield "The version number of the SignedData is not what RFC 5652 clause 5.1 asks."
    algorithms = [*signed_data["digest_algorithms"], info["digest_algorithm"]]
    if any(_parameters(algorithm) not in _NO_PARAMETERS for algorithm in algorithms):
        yield "A digest algorithm in the CMS structure has unexpected parameters."
    if {algorithm["algorithm"].dotted for algorithm in algorithms[:-1]} != {
        algorithms[-1]["algorithm"].dotted
    }:
        yield "The digest algorithms announced in the CMS structure are not those used."
    for attribute in info["unsigned_attrs"] or ():
        if attribute["type"].native not in _KNOWN_UNSIGNED:
            kind = attribute["type"].native
            yield f"The signature carries an unprotected attribute of unknown meaning ({kind})."
            continue
        for token in attribute["values"]:
            yield from _signed_data_defects(token)


def _expected_version(signed_data: cms.SignedData, *, by_key: bool) -> str:
    kinds = {choice.name for choice in signed_data["certificates"] or ()}
    others = {choice.name for choice in signed_data["crls"] or ()}
    if "other" in kinds or "other" in others:
        return "v5"
    if "v2_attr_cert" in kinds:
        return "v4"
    content_type = signed_data["encap_content_info"]["content_type"].native
    return "v3" if "v1_attr_cert" in kinds or by_key or content_type != "data" else "v1"


def _parameters(algorithm: cms.DigestAlgorithm) -> bytes:
    contents: bytes = algorithm.contents
    return contents[parser.peek(contents) :]


def carried_certificates(contents: bytes) -> Iterator[x509.Certificate]:
    """Every certificate in the CMS structure and in the timestamp tokens it carries."""
    yield from _certificates(cms.ContentInfo.load(contents)["content"])


def _certificates(signed_data: cms.SignedData) -> Iterator[x509.Certificate]:
    for choice in signed_data["certificates"] or ():
        if choice.name == "certificate":
            yield choice.chosen
    for info in signed_data["signer_infos"]:
        for attribute in info["unsigned_attrs"] or ():
            if attribute["type"].native in _KNOWN_UNSIGNED:
                for token in attribute["values"]:
                    yield from _certificates(token["content"])


def unattributable_certificates(
    carried: Iterable[x509.Certificate],
    known: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
) -> list[x509.Certificate]:
    """Carried certificates that nobody known has signed: altered, or put there to mislead.

    A copy of an anchor counts only if it is that anchor, byte for byte.
    """
    carried = list(carried)
    trusted = {anchor.dump() for anchor in anchors}
    issuers: dict[bytes, list[pyca.Certificate]] = {}
    for candidate in {one.dump(): one for one in (*carried, *known, *anchors)}.values():
        loaded = _load(candidate)
        if loaded is not None:
            issuers.setdefault(candidate.subject.dump(), []).append(loaded)
    return [
        one
        for one in carried
        if one.dump() not in trusted and not _is_issued(one, issuers.get(one.issuer.dump(), []))
    ]


def _load(certificate: x509.Certificate) -> pyca.Certificate | None:
    try:
        return pyca.load_der_x509_certificate(certificate.dump())
    except (ValueError, pyca.InvalidVersion):
        return None


def _is_issued(certificate: x509.Certificate, issuers: list[pyca.Certificate]) -> bool:
    if certificate["signature_value"].contents[:1] != b"\0":
        return False  # bits declared unused would be a difference that the signature check does not see
    loaded = _load(certificate)
    return loaded is not None and any(_has_issued(issuer, loaded) for issuer in issuers)


def _has_issued(issuer: pyca.Certificate, certificate: pyca.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
