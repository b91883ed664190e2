"""What the tests let worker processes do. Workers import it, so it imports little."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import Any, NoReturn

from qsignhub.documents.errors import DocumentAmbiguous


def add(left: int, right: int) -> int:
    return left + right


def loop_for_ever(started: Path) -> NoReturn:
    started.write_text(str(os.getpid()))
    while True:
        pass


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def take_all_memory() -> int:
    return len(bytearray(8 * 1024**3))


def refuse() -> NoReturn:
    raise DocumentAmbiguous("Two things at once.", field="file")


def fail() -> NoReturn:
    raise ZeroDivisionError("a mistake")


class Unpicklable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} {two}")


def fail_awkwardly() -> NoReturn:
    raise Unpicklable(1, 2)


def return_awkwardly() -> Any:
    return lambda: 1


def limits() -> tuple[int, int, int]:
    return (
        resource.getrlimit(resource.RLIMIT_AS)[0],
        resource.getrlimit(resource.RLIMIT_CORE)[1],
        resource.getrlimit(resource.RLIMIT_CPU)[0],
    )
