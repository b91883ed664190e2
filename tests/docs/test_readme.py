"""The README's commands: those against the service are run, the others are held against what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.pdfs import one_page_pdf
from tests.support.live import LiveService
from tests.support.making import SUCCESS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def commands(start: str) -> list[str]:
    """The commands of all blocks that begin so, continuation lines joined, comments cut."""
    lines = "\n".join(BLOCKS).replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+#.*$", "", line).strip() for line in lines if line.startswith(start)]


@pytest.mark.tools
def test_the_curl_commands_work_as_printed(live_service: LiveService, tmp_path: Path) -> None:
    (tmp_path / "contract.pdf").write_bytes(one_page_pdf())
    key = live_service.new_key("readme")
    upload, create, get, download, prove, validate = commands("curl")

    def run(command: str) -> str:
        command = command.replace("http://127.0.0.1:8080", live_service.base_url).replace("$KEY", key)
        done = subprocess.run(
            ["bash", "-c", command.replace("curl", "curl --silent --show-error --fail-with-body", 1)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    document = json.loads(run(upload))
    body = create.replace("doc_…", document["id"]).replace("anna@example.com", SUCCESS)
    request = json.loads(run(body))
    live_service_client = live_service.client_of(key)
    for _ in range(600):
        found = live_service_client.get(f"/v1/signature-requests/{request['id']}").json()
        if found["status"] == "completed":
            break
    shown = json.loads(run(get.replace("sreq_…", request["id"])))
    assert shown["id"] == request["id"]
    run(download.replace("sreq_…", request["id"]))
    assert (tmp_path / "signed.pdf").read_bytes().startswith(b"%PDF-")
    run(prove.replace("sreq_…", request["id"]))
    assert (tmp_path / "proof.zip").read_bytes().startswith(b"PK")
    assert json.loads(run(validate))["valid"] is True


def test_every_make_target_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"make ([a-z]+)", README))
    assert named >= {"demo", "run", "test", "check", "bench"}
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_link_leads_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            assert (ROOT / target).exists(), f"{document.name}: {target}"
