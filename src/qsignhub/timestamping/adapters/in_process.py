"""A timestamp authority in this process: the same request, response and checks as over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from qsignhub.foundation.clock import Clock
from qsignhub.timestamping.errors import TimestampUnavailable
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.request import build_request
from qsignhub.timestamping.responder import TimestampResponder
from qsignhub.timestamping.verify import verify_response


class InProcessTimestampAuthority:
    """Puts a responder behind the port. Costs about one signature and its verification."""

    def __init__(
        self, responder: TimestampResponder, *, clock: Clock, anchors: Sequence[bytes] | None = None
    ) -> None:
        self._responder = responder
        self._clock = clock
        self._anchors = None if anchors is None else tuple(anchors)

    @property
    def name(self) -> str:
        return self._responder.certificate.name

    async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
        request = build_request(imprint, hash_algorithm)
        response = self._responder.respond(request.der)
        return verify_response(response, request, anchors=self._anchors, now=self._clock.now())

    async def ping(self) -> None:
        certificate = self._responder.certificate
        if not certificate.not_before <= self._clock.now() <= certificate.not_after:
            raise TimestampUnavailable("The timestamp authority's certificate is not valid now; renew it")
