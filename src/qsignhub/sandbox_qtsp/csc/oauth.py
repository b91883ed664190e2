"""The authorization server: tokens, codes with PKCE, and the page on which a signer consents.

CSC API v2 clause 8.4, RFC 6749, RFC 7636. Scope ``service`` by client credentials, scope ``credential`` by
authorization code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from qsignhub.sandbox_qtsp.authorisations import ACTIVATION_LIFETIME, TOKEN_LIFETIME, Request, Signing
from qsignhub.sandbox_qtsp.credentials import Credential
from qsignhub.sandbox_qtsp.csc.algorithms import HASHES
from qsignhub.sandbox_qtsp.csc.authorizing import checked_number
from qsignhub.sandbox_qtsp.csc.call import Version, bounded_body, refused
from qsignhub.sandbox_qtsp.csc.consent_page import consent_page, refusal_page
from qsignhub.sandbox_qtsp.csc.errors import CscError
from qsignhub.sandbox_qtsp.csc.form import read_form
from qsignhub.sandbox_qtsp.qtsp import Qtsp

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_STORE = {"Cache-Control": "no-store"}


class AuthorizationServer:
    def __init__(self, qtsp: Qtsp, version: Version) -> None:
        self._qtsp = qtsp
        self._version = version

    def routes(self) -> list[Route]:
        base = f"/csc/v{self._version}/oauth2"
        return [
            Route(f"{base}/authorize", self.authorize, methods=["GET"]),
            Route(f"{base}/authorize", self.decide, methods=["POST"]),
            Route(f"{base}/token", self.token, methods=["POST"]),
            Route(f"{base}/revoke", self.revoke, methods=["POST"]),
        ]

    async def authorize(self, http: HttpRequest) -> Response:
        """The consent page; errors before the redirect URI is known to be good are shown, not sent on."""
        query = http.query_params
        redirect_uri = query.get("redirect_uri", "")
        if not hmac.compare_digest(query.get("client_id", "").encode(), self._qtsp.client_id.encode()):
            return refusal_page(self._qtsp.name, "Invalid parameter client_id")
        if not _is_loopback(redirect_uri):
            return refusal_page(self._qtsp.name, "redirect_uri has to be a URL of this machine (loopback)")
        try:
            request = _request(query, redirect_uri)
            signing = self._signing(query)
        except CscError as error:
            return _redirect(
                redirect_uri, query.get("state"), error=error.error, error_description=error.description
            )
        handle = self._qtsp.authorisations.consent(request, signing)
        return self._page(handle, request, signing)

    async def decide(self, http: HttpRequest) -> Response:
        """The form of the consent page: ``transaction``, ``pin``, ``otp`` and ``decision``."""
        try:
            form = read_form(http, await bounded_body(http))
        except CscError as error:
            return refusal_page(self._qtsp.name, error.description)
        handle = form.get("transaction", "")
        grant = self._qtsp.authorisations.find(handle, "consent")
        if grant is None or grant.request is None or grant.signing is None:
            return refusal_page(self._qtsp.name, "This page was used already, or never was")
        request, signing = grant.request, grant.signing
        credential = self._qtsp.credentials.get(signing.credential_id)
        refused_by_signer = form.get("decision") != "confirm" or self._qtsp.authorisations.expired(grant)
        if credential is None or credential.locked or refused_by_signer:
            return self._denied(handle, request)
        if not _activated(credential, form):
            wrong = self._page(handle, request, signing, wrong=True)
            return self._denied(handle, request) if credential.locked else wrong
        if not self._qtsp.authorisations.spend(handle):
            return refusal_page(self._qtsp.name, "This page was used already")
        code = self._qtsp.authorisations.code(request, signing)
        return _redirect(request.redirect_uri, request.state, code=code)

    def _denied(self, handle: str, request: Request) -> Response:
        self._qtsp.authorisations.spend(handle)
        return _redirect(request.redirect_uri, request.state, error="access_denied")

    async def token(self, http: HttpRequest) -> Response:
        try:
            form = read_form(http, await bounded_body(http))
            self._check_client(http, form)
            return JSONResponse(self._token(form), headers=_NO_STORE)
        except CscError as error:
            return refused(error)

    async def revoke(self, http: HttpRequest) -> Response:
        """RFC 7009: an unknown token is revoked too."""
        try:
            form = read_form(http, await bounded_body(http))
            self._check_client(http, form)
            self._qtsp.authorisations.spend(_given(form, "token"))
        except CscError as error:
            return refused(error)
        return Response(status_code=204)

    def _token(self, form: Mapping[str, str]) -> dict[str, Any]:
        grant_type = _given(form, "grant_type")
        if grant_type == "client_credentials":
            if form.get("scope", "service") != "service":
                raise CscError("The scope of client credentials is service", "invalid_scope")
            token = self._qtsp.authorisations.service_token(None)
            return _tokens(token, "Bearer", TOKEN_LIFETIME.total_seconds())
        if grant_type != "authorization_code":
            raise CscError("Invalid parameter grant_type")
        code = _given(form, "code")
        grant = self._qtsp.authorisations.find(code, "code")
        # whatever follows, a code that was shown once is worth nothing any more (RFC 6749 clause 4.1.2)
        there = self._qtsp.authorisations.spend(code) if grant is not None else False
        if grant is None or not there or self._qtsp.authorisations.expired(grant):
            raise CscError("Authorization code is invalid or expired", "invalid_grant")
        request, signing = grant.request, grant.signing
        if request is None or signing is None or form.get("redirect_uri") != request.redirect_uri:
            raise CscError("redirect_uri parameter does not match", "invalid_grant")
        if not _proves(request, form.get("code_verifier", "")):
            raise CscError("The code_verifier does not match", "invalid_grant")
        token = self._qtsp.authorisations.activation(signing)
        kind = "Bearer" if self._version == 2 else "SAD"
        return _tokens(token, kind, ACTIVATION_LIFETIME.total_seconds()) | {
            "credentialID": signing.credential_id
        }

    def _check_client(self, http: HttpRequest, form: Mapping[str, str]) -> None:
        """By HTTP Basic or in the form (RFC 6749 clause 2.3.1)."""
        scheme, _, encoded = http.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (ValueError, binascii.Error):
                raise CscError("Malformed authorization header") from None
        else:
            client_id, secret = _given(form, "client_id"), form.get("client_secret", "")
            if not secret:
                raise CscError("Client authorization required", status=401)
        if not hmac.compare_digest(client_id.encode(), self._qtsp.client_id.encode()):
            raise CscError("Invalid parameter client_id")
        if not hmac.compare_digest(secret.encode(), self._qtsp.client_secret.encode()):
            raise CscError("Invalid parameter client_secret")

    def _signing(self, query: Mapping[str, str]) -> Signing:
        """What is to be authorised: from single parameters, or from ``authorization_details`` (version 2)."""
        details = query.get("authorization_details") if self._version == 2 else None
        algorithm: str | None
        if details is not None:
            credential_id, hashes, algorithm = _details(details)
            number = len(hashes)
        else:
            if query.get("scope") != "credential":
                raise CscError("Only the scope credential is granted by code", "invalid_scope")
            credential_id = query.get("credentialID", "")
            encoded = query.get("hash" if self._version == 1 else "hashes", "")
            hashes = tuple(_base64url(one) for one in encoded.split(","))
            text = query.get("numSignatures", "")
            if not (text.isascii() and text.isdigit() and len(text) < 6):
                raise CscError("Missing (or invalid type) integer parameter numSignatures")
            number = int(text)
            algorithm = query.get("hashAlgorithmOID") if self._version == 2 else None
            if self._version == 2 and algorithm not in HASHES:
                raise CscError("Invalid parameter hashAlgorithmOID")
        if self._qtsp.credentials.get(credential_id) is None:
            raise CscError("Invalid parameter credentialID")
        if len(hashes) > checked_number(number):
            raise CscError("Invalid value for parameter numSignatures")
        return Signing(credential_id, hashes, number, algorithm)

    def _page(self, handle: str, request: Request, signing: Signing, *, wrong: bool = False) -> HTMLResponse:
        credential = self._qtsp.credentials.get(signing.credential_id)
        if credential is None:
            return refusal_page(self._qtsp.name, "Invalid parameter credentialID")
        if credential.user.otp == "online" and credential.sent_otp is None:
            self._qtsp.send_otp(credential)
        return consent_page(self._qtsp.name, handle, credential, request.description, signing, wrong=wrong)


def _activated(credential: Credential, form: Mapping[str, str]) -> bool:
    with credential.turn:
        if credential.locked or not credential.pin_is(form.get("pin", "")):
            return False
        if credential.needs_otp and not credential.otp_is(form.get("otp", "")):
            return False
        credential.activated()
        return True


def _request(query: Mapping[str, str], redirect_uri: str) -> Request:
    if query.get("response_type") != "code":
        raise CscError("response_type is code", "unsupported_response_type")
    challenge = query.get("code_challenge", "")
    method = query.get("code_challenge_method", "plain")
    if not 43 <= len(challenge) <= 128 or method not in {"S256", "plain"}:
        raise CscError("Invalid parameter code_challenge")
    return Request(
        client_id=query["client_id"],
        redirect_uri=redirect_uri,
        state=query.get("state"),
        challenge=challenge,
        challenge_method=method,
        description=query.get("description", "")[:500] or None,
    )


def _proves(request: Request, verifier: str) -> bool:
    if request.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), request.challenge.encode())


def _details(text: str) -> tuple[str, tuple[bytes, ...], str]:
    try:
        (detail,) = json.loads(text)
        if detail["type"] != "credential" or detail["hashAlgorithmOID"] not in HASHES:
            raise CscError("Invalid parameter authorization_details")
        hashes = tuple(
            base64.b64decode(document["hash"], validate=True) for document in detail["documentDigests"]
        )
        if not hashes:
            raise CscError("Invalid parameter authorization_details")
        return str(detail["credentialID"]), hashes, str(detail["hashAlgorithmOID"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise CscError("Invalid parameter authorization_details") from None


def _base64url(text: str) -> bytes:
    """With or without padding; a digest is never empty."""
    try:
        found = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if not found:
        raise CscError("Invalid Base64 hash string parameter")
    return found


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.hostname in _LOOPBACK and not parts.fragment


def _redirect(url: str, state: str | None, **parameters: str) -> RedirectResponse:
    query = urlencode(parameters | ({} if state is None else {"state": state}))
    return RedirectResponse(url + ("&" if "?" in url else "?") + query, 302, _NO_STORE)


def _given(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise CscError(f"Missing parameter {name}")
    return value


def _tokens(token: str, kind: str, seconds: float) -> dict[str, Any]:
    return {"access_token": token, "token_type": kind, "expires_in": int(seconds)}
