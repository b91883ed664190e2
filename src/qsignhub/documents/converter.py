"""Lays out Office documents as PDF with LibreOffice: one process a conversion, kept on a short leash.

Each has a profile of its own that is thrown away, in a folder that holds nothing else; macros and links are
off in it, our environment and its secrets are not passed on, and where the system lets us (unshare(1)) it
has neither a network nor a life beyond ours. Time and memory are bounded, and so is how many run at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qsignhub.documents.errors import ConverterMissing, DocumentUnreadable
from qsignhub.documents.fair_share import FairShare
from qsignhub.documents.model import DOCX_TYPE, SUFFIXES, XLSX_TYPE

logger = logging.getLogger(__name__)

OFFICE_TYPES = frozenset({DOCX_TYPE, XLSX_TYPE})

_MEMORY_KIB = 2 * 1024 * 1024  # of address space; a small document takes 0.9 GB of it, and 220 MB of memory
_FILE_BLOCKS = 512 * 1024 * 2  # 512 MB, in blocks of 512 bytes
_AT_ONCE = 2
_LIMITS = 'ulimit -v "$1" && ulimit -f "$2" && ulimit -t "$3" && ulimit -c 0 && shift 3 && exec "$@"'
_ISOLATION = ("unshare", "--user", "--map-current-user", "--net", "--pid", "--fork", "--kill-child")
_PROFILE = Path(__file__).with_name("converter_profile.xcu")


@dataclass(frozen=True, slots=True)
class _Format:
    input_filter: str
    """Named, so that the content is never guessed to be something else."""
    output_filter: str


_FORMATS: Mapping[str, _Format] = {
    DOCX_TYPE: _Format("MS Word 2007 XML", "pdf:writer_pdf_Export"),
    XLSX_TYPE: _Format("Calc MS Excel 2007 XML", "pdf:calc_pdf_Export"),
}


class Converter:
    """``timeout`` in seconds, from when a conversion starts. ``program`` is looked up anew each time."""

    def __init__(
        self, *, program: str = "soffice", timeout: float = 60.0, memory_kib: int = _MEMORY_KIB
    ) -> None:
        self._program = program
        self._timeout = timeout
        self._memory_kib = memory_kib
        self._turns = FairShare(total=_AT_ONCE, each=1)
        self._isolation: Sequence[str] | None = None

    @property
    def is_there(self) -> bool:
        return shutil.which(self._program) is not None

    async def ping(self) -> None:
        """Raises ConverterMissing: Office documents are then taken in, but have no pages and no preview."""
        self._found()

    async def convert(self, path: Path, mime_type: str, target: Path, *, holder: str) -> None:
        """Writes the document's pages to ``target`` as PDF.

        ``path`` was inspected before. ``holder``, an account, has one conversion at a time. Raises
        ConverterMissing, or DocumentUnreadable where it fails or takes longer or more memory than it may.
        """
        program = self._found()
        kind = _FORMATS[mime_type]
        async with self._turns.turn(holder), _workplace(target.parent) as folder:
            source = folder / f"document{SUFFIXES[mime_type]}"
            await asyncio.to_thread(shutil.copyfile, path, source)
            await self._run(
                [
                    *(program, "--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo"),
                    f"-env:UserInstallation={(folder / 'profile').as_uri()}",
                    f"--infilter={kind.input_filter}",
                    *("--convert-to", kind.output_filter, "--outdir", str(folder / "out"), str(source)),
                ],
                folder,
            )
            made = folder / "out" / "document.pdf"
            if not made.is_file():
                raise DocumentUnreadable(
                    "The document cannot be laid out as pages: the office program does not open it. "
                    "Open it in one, save it again, or upload it as PDF.",
                    field="file",
                )
            made.replace(target)

    def _found(self) -> str:
        program = shutil.which(self._program)
        if program is None:
            raise ConverterMissing(
                "LibreOffice is not installed: DOCX and XLSX documents have no pages and no preview. "
                "On Debian: apt install libreoffice-writer-nogui libreoffice-calc-nogui"
            )
        return program

    async def _run(self, command: Sequence[str], folder: Path) -> None:
        if self._isolation is None:
            self._isolation = await _isolation()
        bounds = [str(self._memory_kib), str(_FILE_BLOCKS), str(int(self._timeout) + 5)]
        process = await asyncio.create_subprocess_exec(
            *self._isolation,
            *("/bin/sh", "-c", _LIMITS, "sh", *bounds, *command),
            cwd=folder,
            env={
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "PATH": os.environ.get("PATH", os.defpath),
                "LANG": "C.UTF-8",
                "SAL_USE_VCLPLUGIN": "svp",
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._timeout):
                code = await process.wait()
        except TimeoutError:
            raise DocumentUnreadable(
                f"Laying out the document took too long: more than {self._timeout:g} seconds. "
                "Upload it as PDF.",
                field="file",
            ) from None
        finally:
            with suppress(ProcessLookupError):  # the group: what it started goes with it
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if code != 0:
            logger.info("the office program ended with %d", code)


async def _isolation() -> Sequence[str]:
    """The command in front that takes the network away, where this system has it and allows it."""
    if sys.platform != "linux" or shutil.which(_ISOLATION[0]) is None:
        return ()
    trial = await asyncio.create_subprocess_exec(
        *_ISOLATION,
        "true",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return _ISOLATION if await trial.wait() == 0 else ()


@asynccontextmanager
async def _workplace(parent: Path) -> AsyncIterator[Path]:
    """A folder for one conversion, with a profile in it; it goes, whatever happens."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="convert-", dir=parent))
    try:
        user = folder / "profile" / "user"
        user.mkdir(parents=True)
        await asyncio.to_thread(shutil.copyfile, _PROFILE, user / "registrymodifications.xcu")
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
