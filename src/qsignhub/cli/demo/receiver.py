"""A webhook receiver as an integrator writes one: it checks the signature before it believes."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Collects genuine events; a forged one is answered with 400 and not kept."""

    def __init__(self) -> None:
        self.secret = ""
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.seen: list[str] = []
        self.url = ""

    def wait_for(self, event_type: str, seconds: float) -> dict[str, Any]:
        """The next event of this type; raises queue.Empty when none comes in time."""
        while True:
            event = self._events.get(timeout=seconds)
            if event["type"] == event_type:
                return event

    def take(self, body: bytes, signature: str) -> bool:
        expected = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            return False
        event = json.loads(body)
        self.seen.append(event["type"])
        self._events.put(event)
        return True


@contextmanager
def listening_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name http.server calls
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            genuine = receiver.take(body, self.headers.get("X-QSignHub-Signature", ""))
            self.send_response(204 if genuine else 400)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet: the demo has a display of its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/qsignhub"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
