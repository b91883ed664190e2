"""A webhook receiver for tests that go by HTTP: in a thread of its own, it keeps what comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.support.customer import wait_until


class Hook:
    def __init__(self) -> None:
        self.url = ""
        self.events: list[dict[str, Any]] = []

    def of(self, request_id: str) -> list[str]:
        """The types of the events of one request so far, each once, sorted: they come in any order."""
        return sorted(
            {event["id"]: event["type"] for event in self.events if _request_id(event) == request_id}.values()
        )

    def wait_for(self, request_id: str, *types: str) -> list[str]:
        """Waits until all these have come, and gives all that there are."""
        return wait_until(lambda: self.of(request_id), lambda came: set(types) <= set(came))


@contextmanager
def listening() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


def _request_id(event: dict[str, Any]) -> str:
    return str(event["data"]["signature_request"]["id"])
