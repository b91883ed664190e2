"""The answer to a dry run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from qsignhub.ceremonies.plan import Plan
from qsignhub.foundation.clock import iso


def view_of_plan(plan: Plan) -> dict[str, Any]:
    return asdict(plan) | {"dry_run": True, "expires_at": iso(plan.expires_at)}
