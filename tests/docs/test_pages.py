"""The pages under /docs: each is there, its links lead somewhere, and what is not there says so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response

from qsignhub.api.catalogue import entries
from qsignhub.docs.guides import GuideMalformed, guides, guides_folder, policies, read_guides
from qsignhub.docs.markdown import render
from tests.docs.stage import documentation

BASE = "http://127.0.0.1:8080"


class Page(HTMLParser):
    """The links, anchors and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.text = ""
        self.current: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.anchors.append(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
            if given.get("aria-current") == "page":
                self.current.append(str(given["href"]))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(documentation()), base_url=BASE) as client:
        yield client


def paths() -> list[str]:
    of_guides = ["/docs" if slug == "index" else f"/docs/{slug}" for slug in guides(BASE)]
    of_policies = [f"/docs/policies/{slug}" for slug in policies(BASE)]
    return [*of_guides, "/docs/policies", *of_policies, "/docs/errors", "/docs/api"]


def test_the_guides_are_there() -> None:
    wanted = {
        *("index", "authentication", "signing-flow", "signature-requests", "idempotency", "rate-limits"),
        *("pagination", "webhooks", "sandbox"),
    }
    assert wanted <= guides(BASE).keys()
    assert [guide.order for guide in guides(BASE).values()] == sorted(
        guide.order for guide in guides(BASE).values()
    )


@pytest.mark.parametrize("path", paths())
async def test_a_page_knows_where_it_is_and_where_its_links_lead(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.current == [path]
    assert len(page.anchors) == len(set(page.anchors))
    for link in set(page.links):
        target, _, anchor = link.partition("#")
        if target.startswith("/"):
            assert (await client.get(target)).status_code == 200, link
        elif not target:
            assert anchor in page.anchors, link
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", answer.text)


async def test_every_error_code_has_a_page(client: AsyncClient) -> None:
    listed = Page((await client.get("/docs/errors")).text)
    for code, entry in entries().items():
        assert f"/docs/errors/{code}" in listed.links
        answer = await client.get(f"/docs/errors/{code}")
        assert answer.status_code == 200
        page = Page(answer.text)
        assert entry.title in page.text
        assert str(entry.status) in page.text
        for link in set(page.links):
            if link.startswith("/docs/"):
                assert (await client.get(link)).status_code == 200, link


async def test_docs_url_of_an_error_leads_to_its_page(client: AsyncClient) -> None:
    error = (await client.get("/v1/nothing")).json()["error"]
    answer = await client.get(error["docs_url"])
    assert answer.status_code == 200
    assert "NOT_FOUND" in answer.text


async def test_the_contracts_docs_host_leads_to_the_page_too(client: AsyncClient) -> None:
    answer = await client.get("/errors/DOCUMENT_TOO_LARGE")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/docs/errors/DOCUMENT_TOO_LARGE")
    assert (await client.get("/errors/%2F%2Fevil.example")).status_code == 404


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/errors/NO_SUCH_CODE", "/docs/a/b/c", "/docs/index"])
async def test_what_is_not_there_is_a_page_with_404(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    page = Page(answer.text)
    assert "There is no such page" in page.text
    assert "/docs" in page.links
    assert answer.headers["Cache-Control"] == "no-store"


async def test_case_12_a_code_that_is_markup_stays_text(client: AsyncClient) -> None:
    for path in ("/docs/errors/<script>alert(1)</script>", "/docs/<script>alert(1)</script>"):
        answer: Response = await client.get(path)
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text


async def test_everything_stays_under_the_path_of_the_service() -> None:
    app = documentation("https://example.com/signing")
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE) as client:
        for path in (*paths(), "/docs/errors/NOT_FOUND", "/docs/nothing"):
            for link in Page((await client.get(path)).text).links:
                assert link.startswith(("#", "/signing/docs", "/signing/v1", "https://")), (path, link)
        start = (await client.get("/docs")).text
        assert "https://example.com/signing/v1/documents" in start
        assert BASE not in start
        assert (await client.get("/docs/")).headers["Location"] == "/signing/docs"


async def test_the_reference_shows_every_operation_and_schema(client: AsyncClient) -> None:
    page = Page((await client.get("/docs/api")).text)
    specification = (await client.get("/v1/openapi.json")).json()
    for path, item in specification["paths"].items():
        assert path in page.text
        for operation in item.values():
            assert operation["operationId"] in page.anchors
    for name in specification["components"]["schemas"]:
        assert f"schema-{name}" in page.anchors


def test_html_in_a_guide_is_shown_and_not_used() -> None:
    assert "<script>" not in render("<script>alert(1)</script>\n\n`<b>`\n\n```sh\n<i>\n```\n").html
    assert 'href="javascript' not in render("[x](javascript:alert(1))").html


def test_headings_of_the_same_name_have_anchors_of_their_own() -> None:
    rendered = render("## Check it\n\n## Check it\n\n## Ż\n")
    assert [section.anchor for section in rendered.sections] == ["check-it", "check-it-2", "z"]


@pytest.mark.parametrize("field", ["title", "order", "summary"])
def test_a_guide_that_does_not_begin_as_it_has_to_is_refused(tmp_path: Path, field: str) -> None:
    whole = (guides_folder() / "webhooks.md").read_text()
    (tmp_path / "webhooks.md").write_text(whole)
    assert read_guides(tmp_path, BASE)["webhooks"].title == "Webhooks"
    (tmp_path / "webhooks.md").write_text(whole.replace(f"{field}:", "other:", 1))
    with pytest.raises(GuideMalformed):
        read_guides(tmp_path, BASE)


def test_a_guide_without_a_beginning_is_refused(tmp_path: Path) -> None:
    (tmp_path / "webhooks.md").write_text("# Webhooks\n\nThey tell.\n")
    with pytest.raises(GuideMalformed):
        read_guides(tmp_path, BASE)
