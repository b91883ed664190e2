"""One service on one data folder: an advisory lock (flock) that ends with its holder, however it ends."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from qsignhub.foundation.engine.errors import DataDirInUse, EngineFailed

_held: set[int] = set()


def _drop_in_forked_child() -> None:
    """A forked child shares the parent's lock through the open file: it must not keep it alive."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_drop_in_forked_child)


class DataDirLock:
    """``with DataDirLock(data_dir):`` holds ``<data_dir>/service.lock``; DataDirInUse if somebody else does.

    The file carries the holder's process id for the message only; what counts is the lock on it.
    The descriptor is not inherited by programs that are started (PEP 446) nor by forked children.
    """

    def __init__(self, data_dir: Path, *, name: str = "service.lock") -> None:
        self._folder = data_dir
        self._path = data_dir / name
        self._descriptor: int | None = None

    def acquire(self) -> None:
        if self._descriptor is not None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise EngineFailed(f"The data folder {self._folder} cannot be used: {exc.strerror}.") from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as exc:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            if exc.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise EngineFailed(f"{self._path} cannot be locked: {exc.strerror}.") from exc
            raise DataDirInUse(
                f"The data folder {self._folder} is in use by another QSignHub"
                f"{f' (process {holder})' if holder else ''}. Stop that one first, "
                "or give this one a folder of its own with --data-dir."
            ) from None
        self._descriptor = descriptor
        _held.add(descriptor)

    def release(self) -> None:
        if self._descriptor is not None:
            _held.discard(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
