"""Jobs: written in the transaction that wants them done, run at least once, each idempotent."""

from qsignhub.foundation.jobs.queue import Jobs
from qsignhub.foundation.jobs.runner import JobHandler, JobRunner, RetryPolicy

__all__ = ["JobHandler", "JobRunner", "Jobs", "RetryPolicy"]
