"""The embedded PostgreSQL: one command runs the service, database included."""

from qsignhub.foundation.engine.cluster import remove_cluster
from qsignhub.foundation.engine.errors import DataDirInUse, EngineBusy, EngineFailed, EngineMissing
from qsignhub.foundation.engine.lock import DataDirLock
from qsignhub.foundation.engine.supervisor import EmbeddedEngine, running_conninfo

__all__ = [
    "DataDirInUse",
    "DataDirLock",
    "EmbeddedEngine",
    "EngineBusy",
    "EngineFailed",
    "EngineMissing",
    "remove_cluster",
    "running_conninfo",
]
