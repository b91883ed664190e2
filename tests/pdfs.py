"""PDFs made for tests: good ones, exact to the byte, and broken ones, each broken in one known way."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_A4 = b"[0 0 595 842]"


def one_page_pdf(text: str = "Service agreement", *, media_box: bytes = _A4) -> bytes:
    return pages_pdf(1, text=text, media_box=media_box)


def pages_pdf(count: int, *, text: str = "Service agreement", media_box: bytes = _A4) -> bytes:
    return with_table(_page_objects(count, text, media_box))


def pdf_with(catalog: bytes) -> bytes:
    """One page, and more entries in the document's catalog."""
    objects = _page_objects(1, "Service agreement", _A4)
    return with_table([b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, *objects[1:]])


def big_pdf(size: int) -> bytes:
    """A valid one-page PDF of exactly ``size`` bytes (at least 1,000), most of it an unused stream."""
    objects = _page_objects(1, "A large document", _A4)
    frame = len(with_table([*objects, _stream(b"", b"")]))
    # a longer stream needs more digits to say where things are; white space at the end takes up the rest
    pdf = with_table([*objects, _stream(b"", bytes(size - frame - 20))])
    return pdf + b"\n" * (size - len(pdf))


def form_pdf(value: str = "42 EUR") -> bytes:
    """A page whose only ink is a filled form field."""
    appearance = f"BT /F1 40 Tf 2 10 Td ({value}) Tj ET".encode()
    return with_table(
        [
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Annots[4 0 R]>>",
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(sum)/V(%s)/F 4/Rect[10 10 290 90]/AP<</N 5 0 R>>>>"
            % value.encode(),
            _stream(
                b"/Type/XObject/Subtype/Form/BBox[0 0 280 80]"
                b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
                appearance,
            ),
        ]
    )


def encrypted_pdf(*, user_password: str = "", owner_password: str = "owner") -> bytes:
    """Encrypted with AES-256; with the empty user password any reader opens it without asking."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(one_page_pdf())))
    writer.encrypt(owner_pass=owner_password, user_pass=user_password)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def signed_pdf() -> bytes:
    """Signed by a self-signed key: an approval signature in an incremental revision."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=Earlier Signer")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    signer = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        ),
        cert_registry=SimpleCertificateStore(),
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(one_page_pdf()))
    metadata = PdfSignatureMetadata(field_name="Earlier", md_algorithm="sha256")
    return bytes(sign_pdf(writer, metadata, signer=signer).getvalue())


def hybrid_pdf() -> bytes:
    """A hybrid-reference file (ISO 32000-2 §7.5.8.4): a table, and a stream that only some readers see."""
    objects = _page_objects(1, "Hybrid", _A4)
    body, offsets = _body(objects)
    stream_number = len(objects) + 1
    stream_offset = len(body)
    entry = struct.pack(">BIB", 1, stream_offset, 0)
    body += _object(
        stream_number,
        _stream(b"/Type/XRef/W[1 4 1]/Index[%d 1]/Size %d" % (stream_number, stream_number + 1), entry),
    )
    start = len(body)
    table = _table(offsets)
    trailer = b"<</Root 1 0 R/Size %d/XRefStm %d>>" % (stream_number + 1, stream_offset)
    return body + table + _end(trailer, start)


def cyclic_prev_pdf() -> bytes:
    """Its cross-reference sections name each other as the one before."""
    body, offsets = _body(_page_objects(1, "Cyclic", _A4))
    size = len(offsets) + 1
    table = _table(offsets)
    first_start = len(body)
    # the second section's place depends on the first one's length: numbers of a fixed width
    first_length = len(table + _end(b"<</Root 1 0 R/Size %d/Prev %010d>>" % (size, 0), first_start))
    second_start = first_start + first_length
    first = table + _end(b"<</Root 1 0 R/Size %d/Prev %010d>>" % (size, second_start), first_start)
    second = b"xref\n0 1\n0000000000 65535 f \n" + _end(
        b"<</Root 1 0 R/Size %d/Prev %d>>" % (size, first_start), second_start
    )
    return body + first + second


def broken_xref_pdf() -> bytes:
    """The offset of its cross-reference table points into nowhere."""
    head, _, tail = one_page_pdf().rpartition(b"startxref\n")
    return head + b"startxref\n123\n" + tail.split(b"\n", 1)[1]


def no_pages_pdf() -> bytes:
    return with_table([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])


def cyclic_pages_pdf() -> bytes:
    """Its page tree contains itself."""
    return with_table(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        ]
    )


def miscounting_pdf() -> bytes:
    """Says that it has five pages, and has one."""
    return one_page_pdf().replace(b"/Count 1>>", b"/Count 5>>")


def zip_archive(name: str = "payload.txt", content: bytes = b"something else", comment: bytes = b"") -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr(name, content)
        archive.comment = comment
    return output.getvalue()


def _page_objects(count: int, text: str, media_box: bytes) -> list[bytes]:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(count))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for index in range(count):
        content = f"BT /F1 24 Tf 72 720 Td ({escaped}, page {index + 1}) Tj ET".encode("latin-1")
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            % (media_box, 5 + 2 * index),
            _stream(b"", content),
        ]
    return objects


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


def _object(number: int, content: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, content)


def _body(objects: Sequence[bytes]) -> tuple[bytes, list[int]]:
    pieces, offsets, position = [HEADER], [], len(HEADER)
    for number, content in enumerate(objects, start=1):
        offsets.append(position)
        pieces.append(_object(number, content))
        position += len(pieces[-1])
    return b"".join(pieces), offsets


def _table(offsets: Sequence[int]) -> bytes:
    return b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1) + b"".join(
        b"%010d 00000 n \n" % offset for offset in offsets
    )


def _end(trailer: bytes, start: int) -> bytes:
    return b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)


def with_table(objects: Sequence[bytes]) -> bytes:
    body, offsets = _body(objects)
    return body + _table(offsets) + _end(b"<</Root 1 0 R/Size %d>>" % (len(objects) + 1), len(body))
