"""A timestamp authority in this process: the same request, response and checks as over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from qsignhub.foundation.clock import Clock
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.request import build_request
from qsignhub.timestamping.responder import TimestampResponder
from qsignhub.timestamping.verify import verify_response


class InProcessTimestampAuthority:
    """Puts a responder behind the port. Costs about one signature and its verification.

    ``anchors`` are the DER certificates that the authority's path must end at; None looks at no path.
    """

    def __init__(
        self, responder: TimestampResponder, *, clock: Clock, anchors: Sequence[bytes] | None
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
        self._responder.check()
