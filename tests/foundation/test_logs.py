"""What stands in a log line, and what never does."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest

SECRET = "anna.kowalska@example.com"

PROGRAM = """
import asyncio, logging, warnings
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.logs import add_to_log, configure, log_context
configure({level!r}, {format!r})
logger = logging.getLogger("qsignhub.test")
secret = {secret!r}
{body}
"""


def lines(body: str, *, level: str = "INFO", format_: str = "json", expect: int = 0) -> list[str]:
    """What a process of its own prints on standard error."""
    program = PROGRAM.format(level=level, format=format_, secret=SECRET, body=body)
    done = subprocess.run(
        [sys.executable, "-c", program], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == expect, done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()


def one(body: str, **options: Any) -> dict[str, str]:
    (line,) = lines(body, **options)
    return dict(json.loads(line))


def test_a_line_is_one_object_and_carries_its_context() -> None:
    found = one(
        "with log_context(request_id='req_1'):\n"
        "    add_to_log(account='acc_1')\n"
        "    logger.info('zażółć\\n%s', 7, extra={'fields': {'status': 200}})"
    )
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "INFO",
        "logger": "qsignhub.test",
        "message": "zażółć\n7",
        "request_id": "req_1",
        "account": "acc_1",
        "status": 200,
    }


def test_contexts_do_not_mix_and_end() -> None:
    printed = lines(
        "async def work(name):\n"
        "    with log_context(job=name):\n"
        "        await asyncio.sleep(0)\n"
        "        add_to_log(seen=name)\n"
        "        await asyncio.to_thread(logger.info, name)\n"
        "async def main():\n"
        "    await asyncio.gather(*(work(f'job{n}') for n in range(20)))\n"
        "asyncio.run(main())\n"
        "add_to_log(lost='here')\n"
        "logger.info('after')"
    )
    told = [json.loads(line) for line in printed]
    assert len(told) == 21
    for line in told[:-1]:
        assert line["job"] == line["seen"] == line["message"]
    assert told[-1].keys() == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("format_", ["json", "text"])
def test_an_unexpected_error_is_told_by_place_and_class_without_its_words(format_: str) -> None:
    printed = "\n".join(
        lines(
            "def inner(address):\n"
            "    raise ValueError(f'bad address {address}')\n"
            "def outer(address):\n"
            "    try:\n"
            "        inner(address)\n"
            "    except ValueError as exc:\n"
            "        raise RuntimeError(address) from exc\n"
            "try:\n"
            "    outer(secret)\n"
            "except RuntimeError:\n"
            "    logger.exception('unexpected error')",
            format_=format_,
        )
    )
    assert SECRET not in printed
    assert "in outer" in printed
    assert "in inner" in printed
    assert printed.index("ValueError") < printed.index("which led to") < printed.index("RuntimeError")


def test_errors_of_ours_keep_their_words_and_groups_show_all() -> None:
    error = one(
        "try:\n"
        "    raise ExceptionGroup('several', [Unavailable('The mail server is down.'), KeyError(secret)])\n"
        "except ExceptionGroup:\n"
        "    logger.exception('failed')"
    )["error"]
    assert "qsignhub.foundation.errors.Unavailable: The mail server is down." in error
    assert "KeyError" in error
    assert SECRET not in error


def test_what_asyncio_says_of_a_lost_task_is_cut_before_the_error_s_words() -> None:
    found = one(
        "async def fail():\n"
        "    raise ValueError(secret)\n"
        "async def main():\n"
        "    task = asyncio.create_task(fail())\n"
        "    await asyncio.sleep(0)\n"
        "    del task\n"
        "    import gc; gc.collect()\n"
        "asyncio.run(main())"
    )
    assert found["message"] == "Task exception was never retrieved"
    assert SECRET not in json.dumps(found)
    assert "in fail" in found["error"]


def test_an_error_that_ends_the_process_is_a_line_too() -> None:
    (line,) = lines("raise ValueError(secret)", expect=1)
    found = json.loads(line)
    assert found["level"] == "CRITICAL"
    assert SECRET not in line


def test_libraries_speak_only_in_trouble_even_while_we_are_debugged() -> None:
    printed = lines(
        "logging.getLogger('httpcore').debug(secret)\n"
        "logging.getLogger('httpx').info(secret)\n"
        "logging.getLogger('library').warning('trouble')\n"
        "warnings.warn('soon gone', UserWarning)\n"
        "logger.debug('ours')",
        level="DEBUG",
    )
    assert [json.loads(line)["logger"] for line in printed] == ["library", "py.warnings", "qsignhub.test"]


def test_a_message_in_text_form_stays_on_its_line() -> None:
    (line,) = lines("logger.info('a\\r\\n12:00:00.000 ERROR forged: b')", format_="text")
    assert "a\\r\\n12:00" in line


def test_auto_is_json_where_nobody_watches_and_text_on_a_terminal() -> None:
    assert one("logger.info('here')", format_="auto")["message"] == "here"

    async def on_a_terminal() -> str:
        program = PROGRAM.format(level="INFO", format="auto", secret=SECRET, body="logger.info('here')")
        master, slave = os.openpty()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=slave)
        os.close(slave)
        await process.wait()
        shown = os.read(master, 4096).decode()
        os.close(master)
        return shown

    shown = asyncio.run(on_a_terminal())
    assert "qsignhub.test: here" in shown
    assert not shown.startswith("{")


def test_the_database_s_words_are_not_told_but_those_of_a_lost_connection() -> None:
    printed = lines(
        "import psycopg\n"
        "for error in (psycopg.errors.UniqueViolation(secret), psycopg.OperationalError('refused')):\n"
        "    try:\n"
        "        raise error\n"
        "    except psycopg.Error:\n"
        "        logger.exception('failed')"
    )
    violation, lost = (json.loads(line)["error"] for line in printed)
    assert violation.endswith("psycopg.errors.UniqueViolation: SQLSTATE 23505")
    assert SECRET not in violation
    assert lost.endswith("psycopg.OperationalError: refused")
