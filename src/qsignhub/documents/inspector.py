"""Worker processes for what handles hostile bytes or takes long: bounded in time and memory.

A worker that takes too long is killed, one that crashes is replaced, and none outlives the
process that started it. Workers are forked from a small server process that has the libraries
loaded and no threads: forking the API's own process, full of threads, is not safe.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import logging
import math
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from qsignhub.documents.errors import DocumentUnreadable, InspectorUnavailable
from qsignhub.documents.fair_share import FairShare
from qsignhub.documents.inspection import Inspection, inspect_file, inspect_pdf, render_page
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.errors import QSignHubError
from qsignhub.foundation.logs import traceback_of

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1  # prctl(2)
_ATTEMPTS = 3
_WITH_LAYOUT = 60.0  # seconds; a megabyte of XML takes about 15


class WorkFailed(RuntimeError):
    """The function raised something that is not an error of ours: a bug. Carries its traceback as text,
    without the words of the error itself: they may quote the document.
    """


class Inspector:
    """A pool of worker processes. Started by the first use, or ahead of it by ``warm()``.

    ``timeout`` in seconds counts from when a worker takes the task up, not while it waits its turn.
    A worker is replaced after ``max_tasks`` tasks and may use ``memory_bytes`` of address space.
    ``preload`` names further modules that workers should have loaded before their first task; the
    server that workers are forked from is one per process, so the first Inspector's list counts.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        timeout: float = 20.0,
        max_tasks: int = 200,
        memory_bytes: int = 1536 * 1024 * 1024,
        preload: Sequence[str] = (),
    ) -> None:
        self._workers = workers
        self._timeout = timeout
        self._max_tasks = max_tasks
        self._memory_bytes = memory_bytes
        self._preload = preload
        self._lock = threading.RLock()
        self._pool: ProcessPool | None = None
        self._under_way: dict[Future[bytes], ProcessPool] = {}
        self._closed = False
        self._turns = FairShare(each=max(1, workers - 1))

    async def warm(self) -> None:
        """Starts the workers and waits until they answer."""
        await asyncio.gather(*(self.run(os.getpid) for _ in range(self._workers)))

    async def inspect(self, path: Path, *, holder: str | None = None) -> Inspection:
        """A PDF."""
        return await self.run(inspect_pdf, path, holder=holder)

    async def inspect_upload(self, upload: ReceivedUpload, folder: Path, *, holder: str) -> Inspection:
        """A file of any type that is taken, laid out in ``folder`` where that is done here."""
        given = (upload.path, upload.filename, upload.content_type, upload.sha256, folder)
        return await self.run(inspect_file, *given, timeout=_WITH_LAYOUT, holder=holder)

    async def render_page(self, path: Path, page_index: int, width_px: int) -> bytes:
        return await self.run(render_page, path, page_index, width_px)

    async def run(
        self,
        function: Callable[..., T],
        *args: Any,
        timeout: float | None = None,  # noqa: ASYNC109 - the worker is killed, not only no longer awaited
        holder: str | None = None,
    ) -> T:
        """Runs an importable function in a worker and returns its result.

        ``holder``, an account, never has all workers: what it asks for beyond that waits at its own gate.

        The function's own QSignHubError is raised unchanged. DocumentUnreadable if it takes
        longer than ``timeout`` seconds, crashes its worker or runs out of memory; WorkFailed for
        any other exception. It may be run again when workers are lost through no fault of its
        own, so it must have no effect but its result. Cancelling the caller kills the work.
        """
        seconds = self._timeout if timeout is None else timeout
        async with self._turns.turn(holder) if holder is not None else nullcontext():
            return await self._run(function, args, seconds)

    async def _run(self, function: Callable[..., T], args: tuple[Any, ...], seconds: float) -> T:
        for _ in range(_ATTEMPTS):
            try:
                pool, future = await asyncio.to_thread(self._submit, function, args, seconds)
            except BrokenProcessPool:
                continue
            try:
                result = await asyncio.wrap_future(future)
            except TimeoutError:
                raise DocumentUnreadable(
                    f"Reading the document took too long: more than {seconds:g} seconds.", field="file"
                ) from None
            except ProcessExpired:
                raise DocumentUnreadable(
                    "The document cannot be read: it crashed its reader.", field="file"
                ) from None
            except BrokenProcessPool:
                await asyncio.to_thread(self._abandon, pool)
                continue
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                continue  # not we but the pool was given up
            succeeded, outcome = pickle.loads(result)  # noqa: S301 - made by our own worker
            if succeeded:
                return outcome  # type: ignore[no-any-return]
            raise outcome
        raise InspectorUnavailable("The processes that read documents cannot be started just now.")

    async def close(self) -> None:
        """Kills what is under way; its callers get InspectorUnavailable."""
        self._closed = True
        with self._lock:
            pool = self._pool
        if pool is not None:
            await asyncio.to_thread(self._abandon, pool)

    def _submit(
        self, function: Callable[..., T], args: tuple[Any, ...], seconds: float
    ) -> tuple[ProcessPool, Future[bytes]]:
        with self._lock:
            if self._closed:
                raise InspectorUnavailable("The service is stopping.")
            if self._pool is None:
                self._pool = self._start()
            pool = self._pool
            try:
                future = pool.schedule(_work, args=(function, args, seconds), timeout=seconds)
            except RuntimeError as exc:  # pebble's word for a pool that broke while nobody was waiting
                broken = exc
            else:
                self._under_way[future] = pool
                future.add_done_callback(self._forget)
                return pool, future
        self._abandon(pool)
        raise BrokenProcessPool from broken

    def _forget(self, future: Future[bytes]) -> None:
        with self._lock:
            self._under_way.pop(future, None)

    def _start(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["qsignhub.documents.inspector", *self._preload])
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=self._max_tasks,
            initializer=_prepare_worker,
            initargs=(self._memory_bytes,),
            context=context,
        )

    def _abandon(self, pool: ProcessPool) -> None:
        with self._lock:
            if self._pool is not pool:
                return
            self._pool = None
            waiting = [future for future, owner in self._under_way.items() if owner is pool]
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()
        for future in waiting:
            future.cancel()


def _prepare_worker(memory_bytes: int) -> None:
    # Libraries quote the files that they read. What matters comes back as a result or as an error.
    logging.captureWarnings(capture=True)
    logging.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold a customer's document
    if sys.platform != "linux":
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # Two ways to lose the parent. The kernel kills the worker when the server it was forked from ends;
    # that server outlives its master as long as it has children, so the master's end of the pipe
    # that multiprocessing keeps open is watched too (fcntl(2), F_SETSIG): by a signal, since a thread
    # could not run while native code holds the interpreter.
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent.sentinel, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if not parent.is_alive():  # it ended before we asked
        os._exit(1)


def _work(function: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> bytes:
    """Runs in the worker. What comes back is pickled here, so that the pool itself never chokes on it."""
    # a second bound beside the pool's own: CPU time of this task alone, since the counter is the process's
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(used.ru_utime + used.ru_stime + seconds) + 5
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard)
    )
    try:
        outcome = pickle.dumps((True, function(*args)))
        pickle.loads(outcome)  # noqa: S301 - made in the line above
    except QSignHubError as exc:
        return pickle.dumps((False, exc))
    except MemoryError:
        return pickle.dumps(
            (False, DocumentUnreadable("Reading the document takes too much memory.", field="file"))
        )
    except Exception as exc:  # noqa: BLE001 - nothing is swallowed: it is raised again in the parent
        return pickle.dumps((False, WorkFailed(traceback_of(exc))))
    return outcome
