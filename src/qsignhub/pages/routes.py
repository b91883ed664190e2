"""The signing pages: what a signer's link and a request's link open.

A link's token is the whole credential, so it stands in the path, goes into no referrer and no cache,
and what is not known looks the same whatever it is. Routes translate, the ceremonies decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

from qsignhub.bootstrap import Services
from qsignhub.ceremonies.authorisation import Entered, Offer
from qsignhub.ceremonies.confirmations import CALLBACK
from qsignhub.ceremonies.errors import (
    ConfirmationUnknown,
    DrawingUnusable,
    NothingToConfirm,
    RequestClosed,
    SignerSecretMissing,
    TrustServiceUnavailable,
)
from qsignhub.documents.model import Document
from qsignhub.foundation.errors import Conflict, Gone, NotFound, QSignHubError, Refused, TooMany, Unavailable
from qsignhub.identity.errors import UnknownTestDocument
from qsignhub.pages import readiness
from qsignhub.pages.errors import page_of
from qsignhub.pages.forms import read_form
from qsignhub.pages.page_route import PageRoute, request_id_of, services_of
from qsignhub.pages.rendering import has_text, path_prefix, renderer, text
from qsignhub.pages.views import (
    STEPS,
    TEST_DOCUMENT_NUMBERS,
    SignerView,
    safe_destination,
    signed_count,
    signer_view,
)
from qsignhub.signature_requests.errors import IllegalMove
from qsignhub.signature_requests.events import signed_document_path

_IMAGE_CACHING = "private, max-age=3600"  # it never changes, yet should not outlive the visit by much
_ASSET_CACHING = "public, max-age=31536000, immutable"
_MAX_DOCUMENT_NUMBER = 64
_MAX_USER_AGENT = 512
_MANY = 1_000_000
_MAX_CODE = 4096
NOTHING_SENT: Mapping[str, str] = MappingProxyType({})

Token = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{1,128}$")]


class ImageWidth(IntEnum):
    """Pixels; few, so that a page is drawn in few ways."""

    SCREEN = 800
    DENSE_SCREEN = 1600


House = Annotated[Services, Depends(services_of)]
routes = APIRouter(route_class=PageRoute, include_in_schema=False)


def router() -> APIRouter:
    """All pages. The services are the application's: ``app.state.services``."""
    everything = APIRouter()
    for part in (routes, readiness.routes):
        everything.include_router(part)
    return everything


@routes.get("/s/{token}")
async def show(
    request: Request,
    house: House,
    token: Token,
    first_page: Annotated[int, Query(alias="from", ge=1, le=_MANY)] = 1,
) -> Response:
    view = await _view_of(house, token, first_page)
    return await _asked_page(house, request, view)


@routes.get("/s/{token}/progress")
async def progress(house: House, token: Token) -> Response:
    return JSONResponse((await _view_of(house, token)).progress)


@routes.post("/s/{token}/identify")
async def identify(request: Request, house: House, token: Token) -> Response:
    entered = (await read_form(request)).get("document_number", "").strip()[:_MAX_DOCUMENT_NUMBER]
    try:
        async with house.database.transaction() as tx:
            await house.ceremonies.verify_identity(tx, token, entered)
    except UnknownTestDocument as refusal:
        words = text("identify.unknown" if entered else "identify.empty")
        view = await _view_of(house, token)
        return _signer_page(house, request, view, refusal, field_error=words, entered=entered)
    except IllegalMove:
        return _to_signer(house, token)  # sent twice: the first was enough
    except (Gone, Conflict) as refusal:
        return _signer_page(house, request, await _view_of(house, token), refusal)
    return _to_signer(house, token)


@routes.post("/s/{token}/sign")
async def sign(request: Request, house: House, token: Token) -> Response:
    form = await read_form(request)
    view = await _view_of(house, token)
    try:
        # asks outside, so before the transaction; whoever is not asked to sign gets the refusal from within
        offer = await house.ceremonies.offer(view.session) if view.state == "sign" else None
        async with house.database.transaction() as tx:
            await house.ceremonies.consent(
                tx,
                token,
                offer=offer,
                entered=Entered(form.get("pin"), form.get("otp")),
                written=_written(form),
                ip_address=request.client.host if request.client else None,
                user_agent=request.headers.get("user-agent", "")[:_MAX_USER_AGENT] or None,
            )
    except (
        *(Gone, Conflict, Refused),
        *(DrawingUnusable, SignerSecretMissing, TrustServiceUnavailable),
    ) as refusal:
        return await _asked_page(house, request, await _view_of(house, token), refusal, form=form)
    return _to_signer(house, token)


@routes.post("/s/{token}/otp")
async def send_otp(request: Request, house: House, token: Token) -> Response:
    """The trust service sends the signer a one-time password."""
    await read_form(request)
    view = await _view_of(house, token)
    if view.state != "sign":
        return _to_signer(house, token)
    try:
        await house.ceremonies.send_otp(view.session)
    except (TooMany, Refused, Unavailable) as refusal:
        return await _asked_page(house, request, view, refusal)
    return await _asked_page(house, request, view, otp_sent=True)


@routes.get("/s/{token}/confirm")
async def confirm(request: Request, house: House, token: Token) -> Response:
    """On to the trust service's own page, for exactly what is prepared to be signed."""
    try:
        async with house.database.transaction() as tx:
            wanted = await house.ceremonies.to_confirm(tx, token)
        address = await house.ceremonies.confirmation_address(wanted)
    except NothingToConfirm:
        return _to_signer(house, token)
    except (Gone, Conflict, Refused, Unavailable) as refusal:
        return _signer_page(house, request, await _view_of(house, token), refusal)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


@routes.get(CALLBACK)
async def confirmed(
    house: House,
    state: str = "",
    code: str | None = None,
) -> Response:
    """Back from the trust service. What it adds to say why there is no code is nothing to show."""
    if code is not None and len(code) > _MAX_CODE:
        raise ConfirmationUnknown("This confirmation is not expected.")
    async with house.database.transaction() as tx:
        token = await house.ceremonies.confirmed(tx, state, code)
    return _to_signer(house, token)


@routes.get("/s/{token}/identify")
@routes.get("/s/{token}/sign")
@routes.get("/s/{token}/otp")
async def asked_again(house: House, token: Token) -> Response:
    """A browser that comes back to where a form went."""
    return _to_signer(house, token)


@routes.get("/s/{token}/pages/{number}.png")
async def page_image(
    request: Request,
    house: House,
    token: Token,
    number: Annotated[int, Path(ge=1, le=_MANY)],
    width: ImageWidth = ImageWidth.SCREEN,
) -> Response:
    document = await _shown_document(house, token)
    if number > (document.pages or 0):
        raise NotFound(f"The document has no page {number}.")
    headers = {
        "Cache-Control": _IMAGE_CACHING,
        "ETag": f'"{document.sha256[:32]}-{number}-{width.value}"',
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    image = await house.documents.render_page(document, number, width.value)
    return Response(image, media_type="image/png", headers=headers)


@routes.get("/s/{token}/document.pdf")
async def original(house: House, token: Token) -> Response:
    """The bytes themselves, for whoever cannot read images of pages."""
    document = await _shown_document(house, token)
    return StreamingResponse(
        house.blobs.stream(document.blob_key),
        media_type=document.mime_type,
        headers={
            "Content-Length": str(document.size_bytes),
            "Content-Disposition": _attachment(document.file_name),
        },
    )


@routes.get("/r/{token}")
async def overview(request: Request, house: House, token: Token) -> Response:
    async with house.database.transaction() as tx:
        found, document = await house.ceremonies.overview(tx, token)
    if len(found.signers) == 1:
        return _to_signer(house, found.signers[0].link_token)
    return renderer.page(
        house.settings.base_url,
        "overview.html",
        request_id=request_id_of(request),
        request=found,
        document=document,
        signed_count=signed_count(found),
        test=found.scope.mode == "test",
    )


@routes.get("/assets/{file}")
async def asset(file: str) -> Response:
    found = renderer.assets.get(file)
    if found is None:
        raise NotFound("There is no such file.")
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": _ASSET_CACHING})


async def _view_of(house: Services, token: str, first_page: int = 1) -> SignerView:
    async with house.database.transaction() as tx:
        session = await house.ceremonies.session(tx, token)
    return signer_view(session, token, first_page)


async def _shown_document(house: Services, token: str) -> Document:
    view = await _view_of(house, token)
    if not view.shows_document:
        raise RequestClosed("This signature request is over; its document is not shown any more.")
    return view.document


async def _asked_page(
    house: Services,
    request: Request,
    view: SignerView,
    refusal: QSignHubError | None = None,
    *,
    otp_sent: bool = False,
    form: Mapping[str, str] = NOTHING_SENT,
) -> Response:
    """The page of somebody who may be asked to sign: with what their trust service wants from them."""
    offer = None
    if view.state == "sign":
        try:
            offer = await house.ceremonies.offer(view.session)
        except (Refused, Unavailable) as not_now:
            refusal = refusal or not_now
    return _signer_page(house, request, view, refusal, offer=offer, otp_sent=otp_sent, form=form)


def _signer_page(
    house: Services,
    request: Request,
    view: SignerView,
    refusal: QSignHubError | None = None,
    *,
    offer: Offer | None = None,
    otp_sent: bool = False,
    field_error: str = "",
    entered: str = "",
    form: Mapping[str, str] = NOTHING_SENT,
) -> Response:
    """The signer's page as things stand; after a refusal also why, with the refusal's status."""
    notice = ""
    missing = refusal.field if isinstance(refusal, SignerSecretMissing | DrawingUnusable) else None
    if missing:
        field_error = text(f"sign.missing.{missing}")
    if refusal is not None and not field_error:
        key = f"notice.{refusal.code}"
        notice = text(key if has_text(key) else "notice.other")
    elif view.refusal and not field_error and has_text(f"notice.{view.refusal}"):
        notice = text(f"notice.{view.refusal}")
    if view.identity_refused and not field_error:
        field_error = text("identify.failed", reason=view.signer.failure_message or "")
    signed_document = None
    if view.state == "signed" and view.completed:
        signed_document = house.file_links.url(view.request.scope, signed_document_path(view.request))
    return renderer.page(
        house.settings.base_url,
        "signer.html",
        page_of(refusal)[0] if refusal else HTTPStatus.OK,
        request_id=request_id_of(request),
        view=view,
        notice=notice,
        offer=offer,
        otp_sent=otp_sent,
        missing=missing,
        field_error=field_error,
        entered=entered,
        written=form.get("written", "plain"),
        drawing=form.get("drawing", ""),
        steps=STEPS,
        test_documents=TEST_DOCUMENT_NUMBERS,
        destination=safe_destination(view.request.redirect_url),
        signed_document=signed_document,
    )


def _written(form: Mapping[str, str]) -> str | None:
    """How the signature is to look; the ceremony decides whether it can."""
    chosen = form.get("written", "plain")
    if chosen == "plain":
        return None
    return (form.get("drawing") or "nothing") if chosen == "drawn" else chosen


def _to_signer(house: Services, token: str) -> Response:
    """Post, redirect, get: loading the page again never sends the form again."""
    return RedirectResponse(f"{path_prefix(house.settings.base_url)}/s/{token}", HTTPStatus.SEE_OTHER)


def _attachment(file_name: str) -> str:
    """RFC 6266: kept as a file, not opened under our origin; the name in the form of RFC 8187."""
    return f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
