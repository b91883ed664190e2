"""QSignHubError
└── RecordedFileChanged  a stored file is not the one that was recorded; nothing is handed out as proof
"""

from __future__ import annotations

from qsignhub.foundation.errors import QSignHubError


class RecordedFileChanged(QSignHubError):
    code = "RECORDED_FILE_CHANGED"
