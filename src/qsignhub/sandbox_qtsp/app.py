"""The sandbox QTSP as one ASGI application."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from qsignhub.sandbox_qtsp.csc import authorizing, credential_info, info, signing
from qsignhub.sandbox_qtsp.csc.call import Method, Version, method_route
from qsignhub.sandbox_qtsp.csc.oauth import AuthorizationServer
from qsignhub.sandbox_qtsp.failing import FailingParts
from qsignhub.sandbox_qtsp.management import Management
from qsignhub.sandbox_qtsp.qtsp import Qtsp, open_qtsp
from qsignhub.sandbox_qtsp.trust_services import TrustServices

_VERSIONS: tuple[Version, ...] = (1, 2)
_METHODS: dict[str, Method] = {
    "info": info.info,
    "auth/login": info.login,
    "auth/revoke": info.revoke,
    "credentials/list": credential_info.list_credentials,
    "credentials/info": credential_info.credential_info,
    "credentials/sendOTP": authorizing.send_otp,
    "credentials/getChallenge": authorizing.get_challenge,
    "credentials/authorize": authorizing.authorize,
    "signatures/signHash": signing.sign_hash,
}


def application(qtsp: Qtsp) -> Starlette:
    routes: list[BaseRoute] = [*TrustServices(qtsp).routes(), *Management(qtsp).routes()]
    for version in _VERSIONS:
        routes += AuthorizationServer(qtsp, version).routes()
        routes += [
            method_route(qtsp, version, name, _METHODS[name])
            for name in info.METHODS[version]
            if name in _METHODS
        ]
    return Starlette(routes=routes, middleware=[Middleware(FailingParts, failures=qtsp.failures)])


def create() -> Starlette:
    """For uvicorn, which knows it by name; the command line tells it by the environment what to open."""
    return application(
        open_qtsp(
            Path(os.environ["QSIGNHUB_SANDBOX_QTSP_FOLDER"]),
            os.environ["QSIGNHUB_SANDBOX_QTSP_NAME"],
            os.environ["QSIGNHUB_SANDBOX_QTSP_URL"],
        )
    )
