"""Every error code that the service gives, with its cause and what mends it: the pages under /docs/errors.

One TOML file for each area, one table for each code. A new code needs a table and nothing else:

    [DOCUMENT_TOO_LARGE]
    status = 413
    title = "The file is too large"
    cause = "What happened, and why."
    mend = "What to do."

``status`` is that of the answer. ``signer = true``: the code stands in ``signers[].failure`` of a signature
request. ``operator = true``: it stands in the logs or on the terminal of whoever runs the service, and in
an answer only because a part of the service is down or wrongly set up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    area: str
    """The title of its file's group."""
    status: int
    title: str
    cause: str
    mend: str
    signer: bool = False
    operator: bool = False


@cache
def entries() -> Mapping[str, Entry]:
    """All entries by code, area by area in the order of the files' names."""
    found: dict[str, Entry] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        tables = tomllib.loads(path.read_text())
        area = tables.pop("area")
        for code, table in tables.items():
            if code in found:
                raise ValueError(f"{path.name}: {code} stands in another file too.")
            found[code] = Entry(code, area, **table)
    return MappingProxyType(found)
