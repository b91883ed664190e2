"""A tiny NTP server on loopback: it tells the time that it is told to tell."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SINCE_1900 = 2_208_988_800
_HEADER = struct.Struct("!BBbbII4s")
_STAMP = struct.Struct("!II")


class NtpServer:
    """Off by ``off`` seconds; silent while ``silent``; ``change`` may alter a packet before it is sent."""

    def __init__(self, off: float = 0.0) -> None:
        self.off = off
        self.silent = False
        self.leap, self.stratum, self.mode = 0, 2, 4
        self.root_dispersion = 0.002
        self.change: Callable[[bytes], bytes] = bytes
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            request, client = self._socket.recvfrom(256)
            if request == b"stop":
                return
            self.asked += 1
            if not self.silent:
                self._socket.sendto(self.change(self._answer(request)), client)

    def _answer(self, request: bytes) -> bytes:
        moment = time.time() + self.off
        first = self.leap << 6 | 4 << 3 | self.mode
        dispersion = int(self.root_dispersion * 2**16)
        head = _HEADER.pack(first, self.stratum, 6, -20, 0, dispersion, b"TEST")
        originate = request[40:48]
        return head + _stamp(moment - 10) + originate + _stamp(moment) + _stamp(moment)

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            host, _, port = self.address.partition(":")
            sending.sendto(b"stop", (host, int(port)))

    def close(self) -> None:
        self._socket.close()


@contextmanager
def ntp_server(off: float = 0.0) -> Iterator[NtpServer]:
    server = NtpServer(off)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)
        server.close()


def _stamp(moment: float) -> bytes:
    seconds, fraction = divmod(moment + _SINCE_1900, 1)
    return _STAMP.pack(int(seconds), int(fraction * 2**32))
