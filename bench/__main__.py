"""``python -m bench``: every figure, and ``bench/results.json``. Exit code 1 if a bound does not hold."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop

from bench import against_dss, hsm, reading, results, service, signing_step, trust_services


def main() -> int:
    print("Trust services, in turn with their peers …", flush=True)
    found = trust_services.measure()
    print("PAdES-B-LT signing steps, in turn with the peer …", flush=True)
    found += uvloop.run(signing_step.measure())
    print("Starting the service twice, uploading 50 MB …", flush=True)
    found += service.measure()
    print("Reading over HTTP, in turn with the peer …", flush=True)
    found += reading.measure()
    print("Signing in SoftHSM, in turn with bare C_Sign …", flush=True)
    found += hsm.measure()
    print("B-LT in every format, by DSS too …", flush=True)
    found += against_dss.measure()
    results.write(found, Path(__file__).with_name("results.json"))
    print()
    results.show(found)
    return 0 if all(result.holds for result in found) else 1


sys.exit(main())
