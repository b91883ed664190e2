"""Log lines on standard error: JSON, one object a line, or readable ones on a terminal.

Every line within a request or a job carries what ``log_context`` says of it. What a line must never
hold is a credential or a person: so an error is told by its class and where it arose, and only errors
of ours, whose words are ours, are told with their message. Libraries quote what they were given.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

LogFormat = Literal["auto", "json", "text"]

_OURS = "qsignhub"
_ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode
_context: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)


@contextmanager
def log_context(**fields: str) -> Iterator[dict[str, str]]:
    """Adds fields to every line that is logged within, by whatever task it starts too."""
    inner = {**(_context.get() or {}), **fields}
    token = _context.set(inner)
    try:
        yield inner
    finally:
        _context.reset(token)


def add_to_log(**fields: str) -> None:
    """Adds to the ``log_context`` that we are in, until it ends; nothing outside of one."""
    current = _context.get()
    if current is not None:
        current.update(fields)


def traceback_of(exc: BaseException) -> str:
    """Classes and places, from the first cause to ``exc``: no local values, no words of strangers."""
    parts: list[str] = []
    error: BaseException | None = exc
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        stack = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{stack}{told(error)}")
        if isinstance(error, BaseExceptionGroup):
            parts.extend(traceback_of(inner) for inner in error.exceptions)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich led to:\n".join(reversed(parts))


def told(exc: BaseException) -> str:
    """An error in one line: its class; its message only if it is one of ours or the system's."""
    kind = type(exc)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if kind.__module__.split(".")[0] == _OURS:
        return f"{name}: {exc}"
    if isinstance(exc, OSError) and exc.strerror:
        return f"{name}: {exc.strerror}"
    if name.startswith("psycopg.") and (sqlstate := getattr(exc, "sqlstate", None)):
        return f"{name}: SQLSTATE {sqlstate}"  # the server's messages quote rows
    if name == "psycopg.OperationalError":
        return f"{name}: {exc}"  # of the connection itself: host, user and reason
    return name


class _Formatter(logging.Formatter):
    def fields_of(self, record: logging.LogRecord) -> dict[str, Any]:
        fields: dict[str, Any] = dict(_context.get() or {})
        fields.update(getattr(record, "fields", {}))
        return fields

    def message_of(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        # asyncio appends the failed task with its error's message: its first line says what happened
        return message.partition("\n")[0] if record.name == "asyncio" else message

    def error_of(self, record: logging.LogRecord) -> str | None:
        error = record.exc_info[1] if record.exc_info else None
        return traceback_of(error) if error is not None else None


class JsonLines(_Formatter):
    """``{"time", "level", "logger", "message", …the context…, "error"}``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message_of(record),
            **self.fields_of(record),
        }
        if error := self.error_of(record):
            line["error"] = error
        return _ENCODE(line)


class ReadableLines(_Formatter):
    """For eyes: the time of day, then the message, then ``name=value`` of the context."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        shown = " ".join(f"{name}={value}" for name, value in self.fields_of(record).items())
        # one line a message, so that none can pass for another
        message = self.message_of(record).replace("\r", "\\r").replace("\n", "\\n")
        line = f"{moment} {record.levelname:7} {record.name}: {message}  {shown}".rstrip()
        error = self.error_of(record)
        return f"{line}\n{error}" if error else line


def configure(level: str, format_: LogFormat = "auto") -> None:
    """Sets up this process's logging; ``level`` is for our own lines, libraries speak only in trouble."""
    as_json = format_ == "json" or (format_ == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else ReadableLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger(_OURS).setLevel(level)
    for chatty in ("pgqueuer", "pyhanko", "pyhanko_certvalidator", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    _take_over_uvicorn(level)
    logging.captureWarnings(capture=True)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nobody reads them
    sys.excepthook = _uncaught


def _take_over_uvicorn(level: str) -> None:
    """Its own handlers would write past ours. Its access log would tell whole paths: it stays silent."""
    for name, propagates in (("uvicorn", True), ("uvicorn.error", True), ("uvicorn.access", False)):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = propagates
    logging.getLogger("uvicorn.error").setLevel(level)


def _uncaught(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, exc, trace)
        return
    logging.getLogger(_OURS).critical("the process ends by an error", exc_info=(kind, exc, trace))
