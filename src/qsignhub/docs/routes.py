"""The pages under /docs. They are the same for everybody: no key is asked for, and caches may keep them."""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from qsignhub.api.catalogue import entries
from qsignhub.docs.guides import START, Guide, guides, policies
from qsignhub.docs.markdown import Section, render
from qsignhub.docs.reference import Reference, reference
from qsignhub.pages.page_route import PageRoute, request_id_of, services_of
from qsignhub.pages.rendering import Renderer, path_prefix

router = APIRouter(route_class=PageRoute, include_in_schema=False)
renderer = Renderer(Path(__file__).parent / "templates")

_HEADERS = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
_CODE = re.compile("[A-Z][A-Z0-9_]{0,99}")


def base_url_of(request: Request) -> str:
    return services_of(request).settings.base_url


BaseUrl = Annotated[str, Depends(base_url_of)]


@router.get("/docs")
async def start(request: Request, base_url: BaseUrl) -> Response:
    return _guide(request, base_url, guides(base_url)[START])


@router.get("/docs/errors")
async def all_errors(request: Request, base_url: BaseUrl) -> Response:
    by_area = [(area, list(found)) for area, found in groupby(entries().values(), lambda each: each.area)]
    return _page(request, base_url, "errors.html", "errors", "Error codes", areas=by_area)


@router.get("/docs/errors/{code}")
async def one_error(request: Request, base_url: BaseUrl, code: str) -> Response:
    entry = entries().get(code)
    if entry is None:
        return _missing(request, base_url)
    prefix = path_prefix(base_url)
    return _page(
        request,
        base_url,
        "error.html",
        "errors",
        entry.code,
        entry=entry,
        phrase=HTTPStatus(entry.status).phrase,
        cause=render(entry.cause, prefix).html,
        mend=render(entry.mend, prefix).html,
    )


@router.get("/docs/api")
async def api_reference(request: Request, base_url: BaseUrl) -> Response:
    found = _reference(request.app)
    sections = tuple(
        Section(operation.id, operation.summary) for group in found.groups for operation in group.operations
    )
    return _page(
        request,
        base_url,
        "api.html",
        "api",
        "API reference",
        (*sections, Section("schemas", "Schemas")),
        reference=found,
        introduction=render(found.description, path_prefix(base_url)).html,
        markdown=lambda text: render(text, path_prefix(base_url)).html,
    )


@router.get("/docs/policies")
async def all_policies(request: Request, base_url: BaseUrl) -> Response:
    return _page(request, base_url, "policies.html", "policies", "Policies")


@router.get("/docs/policies/{slug}")
async def policy(request: Request, base_url: BaseUrl, slug: str) -> Response:
    found = policies(base_url).get(slug)
    if found is None:
        return _missing(request, base_url)
    here = f"policies/{slug}"
    return _page(request, base_url, "guide.html", here, found.title, found.body.sections, guide=found)


@router.get("/docs/{slug}")
async def guide(request: Request, base_url: BaseUrl, slug: str) -> Response:
    found = guides(base_url).get(slug)
    if found is None or slug == START:
        return _missing(request, base_url)
    return _guide(request, base_url, found)


@router.get("/docs/{path:path}")
async def no_page(request: Request, base_url: BaseUrl, path: str) -> Response:
    if not path:  # /docs/
        return RedirectResponse(f"{path_prefix(base_url)}/docs", HTTPStatus.MOVED_PERMANENTLY)
    return _missing(request, base_url)


@router.get("/errors/{code}")
async def error_of_the_docs_host(request: Request, base_url: BaseUrl, code: str) -> Response:
    """Where ``docs_url`` leads if the documentation has a host of its own: docs.example/errors/CODE."""
    if not _CODE.fullmatch(code):
        return _missing(request, base_url)
    return RedirectResponse(f"{path_prefix(base_url)}/docs/errors/{code}", HTTPStatus.MOVED_PERMANENTLY)


@cache
def _reference(app: FastAPI) -> Reference:
    return reference(app.openapi())


def _guide(request: Request, base_url: str, shown: Guide) -> Response:
    return _page(
        request,
        base_url,
        "guide.html",
        shown.slug,
        shown.title,
        shown.body.sections,
        guide=shown,
    )


def _missing(request: Request, base_url: str) -> Response:
    return _page(
        request,
        base_url,
        "missing.html",
        "",
        "There is no such page",
        status=HTTPStatus.NOT_FOUND,
    )


def _page(
    request: Request,
    base_url: str,
    template: str,
    here: str,
    title: str,
    sections: tuple[Section, ...] = (),
    *,
    status: HTTPStatus = HTTPStatus.OK,
    **values: Any,
) -> Response:
    """``here`` is the place in the navigation, ``sections`` are shown below it."""
    response = renderer.page(
        base_url,
        template,
        status,
        request_id=request_id_of(request),
        guides=guides(base_url),
        policies=policies(base_url),
        start=START,
        here=here,
        title=title,
        sections=sections,
        **values,
    )
    if status == HTTPStatus.OK:
        response.headers.update(_HEADERS)
    return response
