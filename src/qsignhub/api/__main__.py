"""``python -m qsignhub.api`` prints the OpenAPI specification, as ``/v1/openapi.json`` gives it."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractAsyncContextManager

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services


def _never() -> AbstractAsyncContextManager[Services]:
    raise RuntimeError("The specification is made without a running service.")


def specification() -> str:
    made = create_app(_never, docs_url="").openapi()
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(specification())
