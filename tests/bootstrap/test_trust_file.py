"""The operator's file of trust services: the guide's example holds, and a mistake is told with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qsignhub.bootstrap.trust_file import TrustFileInvalid, certificates, read_trust_file

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "trust-services.md"
SECRET = "from the QTSP"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    [block] = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    path = tmp_path / "trust.toml"
    path.write_text(block)
    return path


def test_the_guides_example_is_one(example: Path) -> None:
    file = read_trust_file(example)
    assert [(table.name, table.kind) for table in file.trust_service] == [
        ("alpha", "csc"),
        ("own-ca", "authority"),
    ]
    assert SECRET not in repr(file)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "csc"  ', 'kind = "sandbox"', "trust_service.0"),
        ('name = "alpha"', 'name = "sandbox"', "sandbox is the name of the test world's service"),
        ('name = "alpha"', 'name = "own-ca"', "the name own-ca is there twice"),
        ('name = "alpha"', 'name = "Al pha"', "trust_service.0.csc.name"),
        (
            'timestamps = ["tsa-one", "tsa-two"]',
            'timestamps = ["tsa-three"]',
            "no timestamp_authority tsa-three",
        ),
        ('timestamps = ["tsa-one", "tsa-two"]', "timestamps = []", "name at least one timestamp_authority"),
        ('signature_types = ["aes", "ses"]', 'signature_types = ["qes"]', "makes no qualified signatures"),
        ('signature_types = ["qes", "aes"]', 'signature_types = ["best"]', "signature_types"),
        ('signature_types = ["qes", "aes"]', 'signature_types = ["ses"]', "need the id of a credential"),
        ('user_id = "email"', 'user_id = "email"\nseal = "cred-7"', "signature_types has no ses"),
        ('user_id = "email"', 'user_id = "email"\nseal = ""', "trust_service.0.csc.seal"),
        ('anchors = ["alpha-root.pem"]', "anchors = []", "trust_service.0.csc.anchors"),
        ('client_id = "qsignhub"', "", "client_id and client_secret belong together"),
        ('url = "https://qtsp.example/csc/v2"', 'url = "ftp://qtsp.example"', "trust_service.0.csc.url"),
        (
            'url = "https://qtsp.example/csc/v2"',
            'url = "https://u:p@qtsp.example"',
            "trust_service.0.csc.url",
        ),
        ('countries = ["PL", "DE"]', 'countries = ["pl"]', "countries"),
        ('version = "2"', 'version = "3"', "version"),
        ('user_id = "email"', 'user_id = "name"', "user_id"),
        ('user_id = "email"', 'user_id = "email"\nqualified = true', "qualified"),
        ('signers = ["pl-list-signer.pem"]', "signers = []", "trusted_list.0.signers"),
        ('url = "https://lists.example/pl.xml"', "", "give either url or path"),
        ("[[trust_service]]", "[[trust_service", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_secrets(
    example: Path, old: str, new: str, told: str
) -> None:
    text = example.read_text()
    assert old in text
    example.write_text(text.replace(old, new, 1))
    with pytest.raises(TrustFileInvalid) as caught:
        read_trust_file(example)
    assert told in caught.value.message
    assert str(example) in caught.value.message
    assert SECRET not in caught.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrustFileInvalid, match="cannot be read"):
        read_trust_file(tmp_path / "none.toml")


def test_certificate_files_are_read_whole_or_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    for name, told in (("bad.pem", "holds no certificates"), ("none.pem", "cannot be read")):
        with pytest.raises(TrustFileInvalid, match=told):
            certificates(tmp_path, (name,))
