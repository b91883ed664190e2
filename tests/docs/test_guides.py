"""What the guides tell to type and to paste works as printed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qsignhub.webhooks.signature import sign
from tests.pdfs import one_page_pdf
from tests.support.live import LiveService

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BODY, SECRET = '{"id":"evt_1","data":"Zażółć"}'.encode(), "whsec_of_an_endpoint"


def blocks(guide: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (GUIDES / f"{guide}.md").read_text(), re.DOTALL)


@pytest.mark.tools
def test_the_start_works_as_printed(live_service: LiveService, tmp_path: Path) -> None:
    (tmp_path / "contract.pdf").write_bytes(one_page_pdf())
    key = live_service.new_key("start")
    _, upload, create, get, download, validate = blocks("index", "sh")

    def run(command: str, **ids: str) -> str:
        for placeholder, value in ids.items():
            command = command.replace(f"{placeholder}_…", value)
        command = command.replace("http://127.0.0.1:8080", live_service.base_url)
        command = command.replace("curl", "curl --silent --show-error --fail-with-body", 1)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "KEY": key},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    document = json.loads(run(upload))
    assert document["name"] == "Service agreement"
    request = json.loads(run(create, doc=document["id"]))
    live_service.api_key = key
    client = live_service.client_of(key)
    for _ in range(600):
        if client.get(f"/v1/signature-requests/{request['id']}").json()["status"] == "completed":
            break
    assert json.loads(run(get, sreq=request["id"]))["status"] == "completed"
    run(download, sreq=request["id"])
    assert (tmp_path / "signed.pdf").read_bytes().startswith(b"%PDF-")
    assert json.loads(run(validate))["valid"] is True


def test_webhooks_are_verified_by_the_python_that_is_printed() -> None:
    defined: dict[str, Any] = {}
    (code,) = blocks("webhooks", "python")
    exec(code, defined)
    verify = defined["verify_webhook"]
    assert verify(BODY, sign(SECRET, BODY), SECRET)
    assert not verify(BODY + b" ", sign(SECRET, BODY), SECRET)
    assert not verify(BODY, sign("another", BODY), SECRET)
    assert not verify(BODY, "sha256=", SECRET)
    assert not verify(BODY, "ż", SECRET)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_webhooks_are_verified_by_the_javascript_that_is_printed() -> None:
    (code,) = blocks("webhooks", "js")
    cases = [
        (BODY.decode(), sign(SECRET, BODY), SECRET),
        (BODY.decode(), sign("another", BODY), SECRET),
    ]
    program = f"{code}\nconsole.log(JSON.stringify({json.dumps(cases)}.map(c => verifyWebhook(...c))))"
    done = subprocess.run(
        ["node", "-e", program], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert json.loads(done.stdout) == [True, False]


@pytest.mark.parametrize("guide", sorted(path.stem for path in GUIDES.glob("*.md")))
def test_what_is_printed_is_whole(guide: str) -> None:
    """JSON parses, and Python compiles; curl commands go to the address that is replaced by the service's."""
    for text in blocks(guide, "json"):
        json.loads(text)
    for text in blocks(guide, "python"):
        compile(text, guide, "exec")
    for text in blocks(guide, "sh"):
        for command in (line for line in text.splitlines() if line.startswith("curl")):
            assert re.search(r"http://127\.0\.0\.1:(8080|9001)/", command), command  # 9001: the sandbox QTSP
