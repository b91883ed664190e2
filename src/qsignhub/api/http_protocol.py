"""HTTP/1.1 as uvicorn speaks it, with two things of ours; ``cli/serve.py`` tells uvicorn to use it.

What comes before a body has a limit: it is in memory before any application is asked. And what is no HTTP at
all goes through the application too: it is counted for its address, gets an id, and the error envelope.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from qsignhub.api.admission import UNREADABLE
from qsignhub.foundation.errors import Malformed

MAX_HEAD_BYTES = 64 * 1024
"""Of the request line, the headers, and the trailers of a chunked body, together."""

_TOO_LONG = f"The URL and the headers of the request exceed {MAX_HEAD_BYTES} bytes."
_NO_HTTP = "This is not a valid HTTP/1.1 request."


class Protocol(HttpToolsProtocol):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0
        self._pending_bytes = 0
        """Fed to the parser since it last made something of them."""
        self._refused = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._pending_bytes += len(data)
        super().data_received(data)
        if self._pending_bytes > MAX_HEAD_BYTES and not self._refused:
            self.send_400_response(_TOO_LONG)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._pending_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending_bytes = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's, for all that it cannot parse
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            if self.cycle.response_started:
                self.transport.close()
                return
            self.cycle.disconnected = True  # its body will never be whole
            self.cycle.message_event.set()
        self.pipeline.clear()
        super().on_message_begin()  # nothing of what was read so far is to be relied on
        too_long = max(self._head_bytes, self._pending_bytes) > MAX_HEAD_BYTES
        self.scope["method"], self.scope["path"] = "GET", "/"
        self.scope["raw_path"], self.scope["query_string"] = b"/", b""
        self.scope["state"][UNREADABLE] = Malformed(_TOO_LONG if too_long else _NO_HTTP)
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        self.cycle.more_body = False
        self._start_asgi_task(self.cycle, self.app)

    def _grow(self, more: int) -> None:
        """The parser stops at any error that is raised here, and ``send_400_response`` is called."""
        self._head_bytes += more
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError(_TOO_LONG)
