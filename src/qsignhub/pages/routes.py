"""The signing pages: what a signer's link and a request's link open.

A link's token is the whole credential, so it stands in the path, goes into no referrer and no cache,
and what is not known looks the same whatever it is. Routes translate, the ceremonies decide.
"""

from __future__ import annotations

from enum import IntEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

from qsignhub.ceremonies.errors import RequestClosed
from qsignhub.documents.model import Document
from qsignhub.foundation.errors import Conflict, Gone, NotFound, QSignHubError
from qsignhub.identity.errors import UnknownTestDocument
from qsignhub.pages.errors import page_of
from qsignhub.pages.forms import read_form
from qsignhub.pages.page_route import page_route, request_id_of
from qsignhub.pages.rendering import Renderer, has_text, text
from qsignhub.pages.views import (
    STEPS,
    TEST_DOCUMENTS,
    SignerView,
    safe_destination,
    signed_count,
    signer_view,
)
from qsignhub.signature_requests.errors import IllegalMove
from qsignhub.signature_requests.events import signed_document_path

if TYPE_CHECKING:
    from qsignhub.bootstrap import Services

_IMAGE_CACHING = "private, max-age=3600"  # it never changes, yet should not outlive the visit by much
_ASSET_CACHING = "public, max-age=31536000, immutable"
_MAX_DOCUMENT_NUMBER = 64
_MAX_USER_AGENT = 512

Token = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{1,128}$")]


class ImageWidth(IntEnum):
    """Pixels; few, so that a page is drawn in few ways."""

    SCREEN = 800
    DENSE_SCREEN = 1600


def router(services: Services) -> APIRouter:
    renderer = Renderer(services.settings.base_url)
    pages = APIRouter(route_class=page_route(renderer), include_in_schema=False)

    async def view_of(token: str, first_page: int = 1) -> SignerView:
        async with services.database.transaction() as tx:
            session = await services.ceremonies.session(tx, token)
        return signer_view(session, token, services.clock.now(), first_page)

    async def shown_document(token: str) -> Document:
        view = await view_of(token)
        if not view.shows_document:
            raise RequestClosed("This signature request is over; its document is not shown any more.")
        return view.document

    def signer_page(
        request: Request,
        view: SignerView,
        refusal: QSignHubError | None = None,
        *,
        field_error: str = "",
        entered: str = "",
    ) -> Response:
        """The signer's page as things stand; after a refusal also why, with the refusal's status."""
        failed_check = view.state == "identify" and view.signer.status == "verification_failed"
        if failed_check and not field_error:
            field_error = text("identify.failed", reason=view.signer.failure_message or "")
        notice = ""
        if refusal is not None and not field_error:
            key = f"notice.{refusal.code}"
            notice = text(key if has_text(key) else "notice.other")
        signed_document = None
        if view.state == "signed" and view.completed:
            signed_document = services.file_links.url(signed_document_path(view.request.id))
        return renderer.page(
            "signer.html",
            page_of(refusal)[0] if refusal else HTTPStatus.OK,
            request_id=request_id_of(request),
            view=view,
            notice=notice,
            field_error=field_error,
            entered=entered,
            steps=STEPS,
            test_documents=TEST_DOCUMENTS,
            destination=safe_destination(view.request.redirect_url),
            signed_document=signed_document,
        )

    def to_signer(token: str) -> Response:
        """Post, redirect, get: loading the page again never sends the form again."""
        return RedirectResponse(f"{renderer.prefix}/s/{token}", HTTPStatus.SEE_OTHER)

    @pages.get("/s/{token}")
    async def show(
        request: Request,
        token: Token,
        first_page: Annotated[int, Query(alias="from", ge=1, le=1_000_000)] = 1,
    ) -> Response:
        return signer_page(request, await view_of(token, first_page))

    @pages.get("/s/{token}/progress")
    async def progress(token: Token) -> Response:
        return JSONResponse((await view_of(token)).progress)

    @pages.post("/s/{token}/identify")
    async def identify(request: Request, token: Token) -> Response:
        entered = (await read_form(request)).get("document_number", "").strip()[:_MAX_DOCUMENT_NUMBER]
        try:
            async with services.database.transaction() as tx:
                await services.ceremonies.verify_identity(tx, token, entered)
        except UnknownTestDocument as refusal:
            words = text("identify.unknown" if entered else "identify.empty")
            return signer_page(request, await view_of(token), refusal, field_error=words, entered=entered)
        except IllegalMove:
            return to_signer(token)  # sent twice: the first was enough
        except (Gone, Conflict) as refusal:
            return signer_page(request, await view_of(token), refusal)
        return to_signer(token)

    @pages.post("/s/{token}/sign")
    async def sign(request: Request, token: Token) -> Response:
        await read_form(request)
        try:
            async with services.database.transaction() as tx:
                await services.ceremonies.consent(
                    tx,
                    token,
                    ip_address=request.client.host if request.client else None,
                    user_agent=request.headers.get("user-agent", "")[:_MAX_USER_AGENT] or None,
                )
        except (Gone, Conflict) as refusal:
            return signer_page(request, await view_of(token), refusal)
        return to_signer(token)

    @pages.get("/s/{token}/identify")
    @pages.get("/s/{token}/sign")
    async def asked_again(token: Token) -> Response:
        """A browser that comes back to where a form went."""
        return to_signer(token)

    @pages.get("/s/{token}/pages/{number}.png")
    async def page_image(
        request: Request,
        token: Token,
        number: Annotated[int, Path(ge=1, le=1_000_000)],
        width: ImageWidth = ImageWidth.SCREEN,
    ) -> Response:
        document = await shown_document(token)
        if number > (document.pages or 0):
            raise NotFound(f"The document has no page {number}.")
        headers = {
            "Cache-Control": _IMAGE_CACHING,
            "ETag": f'"{document.sha256[:32]}-{number}-{width.value}"',
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        image = await services.documents.render_page(document, number, width.value)
        return Response(image, media_type="image/png", headers=headers)

    @pages.get("/s/{token}/document.pdf")
    async def original(token: Token) -> Response:
        """The bytes themselves, for whoever cannot read images of pages."""
        document = await shown_document(token)
        return StreamingResponse(
            services.blobs.stream(document.blob_key),
            media_type=document.mime_type,
            headers={
                "Content-Length": str(document.size_bytes),
                "Content-Disposition": _attachment(document.name),
            },
        )

    @pages.get("/r/{token}")
    async def overview(request: Request, token: Token) -> Response:
        async with services.database.transaction() as tx:
            found, document = await services.ceremonies.overview(tx, token)
        if len(found.signers) == 1:
            return to_signer(found.signers[0].link_token)
        return renderer.page(
            "overview.html",
            request_id=request_id_of(request),
            request=found,
            document=document,
            signed_count=signed_count(found),
            test=found.scope.mode == "test",
        )

    @pages.get("/assets/{file}")
    async def asset(file: str) -> Response:
        found = renderer.assets.get(file)
        if found is None:
            raise NotFound("There is no such file.")
        return Response(found.content, media_type=found.media_type, headers={"Cache-Control": _ASSET_CACHING})

    return pages


def _attachment(name: str) -> str:
    """RFC 6266: kept as a file, not opened under our origin; the name in the form of RFC 8187."""
    file_name = name if name.lower().endswith(".pdf") else f"{name}.pdf"
    return f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
