"""What can go wrong with the embedded engine.

Unavailable
└── EngineFailed        PostgreSQL cannot be started or was lost; the message says why
    ├── EngineMissing   no PostgreSQL that runs on this machine
    └── EngineBusy      what an earlier PostgreSQL left behind is not gone yet; passes by itself
Conflict
└── DataDirInUse        another process of ours works on that folder

Every message is for the person at the terminal: what happened, where, and the way out.
"""

from __future__ import annotations

from qsignhub.foundation.errors import Conflict, Unavailable


class EngineFailed(Unavailable):
    code = "ENGINE_FAILED"


class EngineMissing(EngineFailed):
    code = "ENGINE_MISSING"


class EngineBusy(EngineFailed):
    code = "ENGINE_BUSY"


class DataDirInUse(Conflict):
    code = "DATA_DIR_IN_USE"
