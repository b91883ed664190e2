"""What Schemathesis is told beyond the specification: what a document is, and whose a signer is.

Runs in the folder that ``world`` has filled, and leaves there how often each operation was asked.
"""

from __future__ import annotations

import atexit
import json
from collections import Counter, defaultdict
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import AcceptedNegativeData

from tests.fuzz import checks
from tests.fuzz.documents import FILES
from tests.fuzz.run import TALLY

_KEY = "X-Idempotency-Key"
_owners: dict[str, str] = json.loads(Path("owners.json").read_text())
_answers: defaultdict[str, Counter[str]] = defaultdict(Counter)
_sent = count()

schemathesis.openapi.format("binary", FILES)


@schemathesis.hook
def flatmap_path_parameters(context: Any, drawn: Any) -> Any:
    """A signer's id alone hits nothing: two times in three it comes with its own request's."""
    if not isinstance(drawn, dict) or drawn.get("signer_id") not in _owners:
        return strategies.just(drawn)
    own = {**drawn, "request_id": _owners[drawn["signer_id"]]}
    return strategies.sampled_from([own, own, drawn])


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Generators like some keys above all others; three in four are made new, so that things happen."""
    key = (case.headers or {}).get(_KEY)
    if isinstance(key, str) and case.meta and case.meta.generation.mode.is_positive and next(_sent) % 4:
        case.headers[_KEY] = f"{key[:200]}-{next(_sent)}"


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """A form has nothing but text: a null that was put in it arrives as the good name "null"."""
    form = case.body if case.media_type == "multipart/form-data" and isinstance(case.body, dict) else {}
    return not (isinstance(failure, AcceptedNegativeData) and form.get("name", "") is None)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Probes with other methods are counted apart."""
    asked = response.request.method
    label = case.operation.label if asked == case.operation.method.upper() else "other methods"
    code = f" {checks.error_of(response)['code']}" if response.status_code >= 400 else ""
    _answers[label][f"{response.status_code}{code}"] += 1


@atexit.register
def _write_tally() -> None:
    Path(TALLY).write_text(json.dumps(_answers))
