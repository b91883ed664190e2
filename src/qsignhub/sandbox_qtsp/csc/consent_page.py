"""The page on which the signer of a sandbox allows a signature."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from qsignhub.sandbox_qtsp.authorisations import Signing
from qsignhub.sandbox_qtsp.credentials import Credential

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}"
    "code{overflow-wrap:anywhere}label{display:block;margin:1rem 0}input{font:inherit;padding:.3rem}"
    "button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}.sandbox{background:#fe9;padding:.5rem}"
)


def consent_page(
    name: str, handle: str, credential: Credential, description: str | None, signing: Signing, *, wrong: bool
) -> HTMLResponse:
    digests = "".join(f"<li><code>{digest.hex()}</code></li>" for digest in signing.hashes)
    otp = (
        '<label>One-time code <input name="otp" inputmode="numeric" autocomplete="one-time-code"></label>'
        if credential.needs_otp
        else ""
    )
    warning = "<p role=alert><strong>That was not right. Try again.</strong></p>" if wrong else ""
    body = f"""<h1>Sign with {escape(name)}?</h1>{warning}
<p>{escape(credential.user.name)}, with credential {escape(credential.id)}:
{signing.number} signature(s){f", for “{escape(description)}”" if description else ""}.</p>
<ul>{digests}</ul>
<form method="post"><input type="hidden" name="transaction" value="{escape(handle)}">
<label>PIN <input name="pin" type="password" autocomplete="off" autofocus></label>{otp}
<button name="decision" value="confirm">Confirm</button><button name="decision" value="refuse">Refuse</button>
</form>"""
    return _page(name, body, 200)


def refusal_page(name: str, reason: str) -> HTMLResponse:
    return _page(name, f"<h1>This does not work</h1><p role=alert>{escape(reason)}</p>", 400)


def _page(name: str, body: str, status: int) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>SANDBOX {escape(name)}</title>'
        f"<style>{_STYLE}</style><p class=sandbox>SANDBOX: no legal value.</p>{body}</html>",
        status,
        _HEADERS,
    )
