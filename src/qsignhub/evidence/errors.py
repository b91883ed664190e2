"""EvidenceError
└── RecordedFileChanged  a stored file is not the one that was recorded; nothing is handed out as proof
"""

from __future__ import annotations

from qsignhub.foundation.errors import QSignHubError


class EvidenceError(QSignHubError):
    code = "EVIDENCE_ERROR"


class RecordedFileChanged(EvidenceError):
    code = "RECORDED_FILE_CHANGED"
