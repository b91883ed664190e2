"""``python -m bench``: every figure, and ``bench/results.json``. Exit code 1 if a bound does not hold."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench import reading, results, service, signing_step


def main() -> int:
    print("PAdES-B-LT signing steps, in turn with the peer …", flush=True)
    found = asyncio.run(signing_step.measure())
    print("Starting the service twice, uploading 50 MB …", flush=True)
    found += service.measure()
    print("Reading over HTTP, in turn with the peer …", flush=True)
    found += reading.measure()
    results.write(found, Path(__file__).with_name("results.json"))
    print()
    results.show(found)
    return 0 if all(result.holds for result in found) else 1


sys.exit(main())
