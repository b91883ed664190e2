"""A process of its own that writes blobs: ``python -m tests.contracts.blob_writer URL overwrite|memory``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from qsignhub.foundation.blobs import Blobs

MIB = 1024 * 1024
VERSION_BYTES = 6 * MIB + 17


async def overwrite_for_ever(blobs: Blobs, folder: Path) -> None:
    versions = [folder / letter for letter in "AB"]
    for path in versions:
        path.write_bytes(path.name.encode() * VERSION_BYTES)
    await blobs.put_file("contended", versions[0])
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    while True:
        for path in versions:
            await blobs.put_file("contended", path)


async def measure_memory(blobs: Blobs, folder: Path) -> None:
    """Prints by how many MiB the peak grows when a file is stored and read that is eight times as big."""
    small, big = folder / "small", folder / "big"
    for path, size in ((small, 8 * MIB), (big, 64 * MIB)):
        with path.open("wb") as file:
            file.truncate(size)
    peaks = []
    for path in (small, big):
        await blobs.put_file("measured", path)
        received = 0
        async for piece in blobs.stream("measured"):
            received += len(piece)
        assert received == path.stat().st_size
        peaks.append(_peak_mib())
    sys.stdout.write(f"{peaks[1] - peaks[0]}\n")


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def main() -> None:
    blobs = Blobs(sys.argv[1])
    work = {"overwrite": overwrite_for_ever, "memory": measure_memory}[sys.argv[2]]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(work(blobs, Path(folder)))


if __name__ == "__main__":
    main()
