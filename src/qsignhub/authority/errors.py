"""AuthorityError
└── AuthorityKeyUnusable   a sealed key opens, but is not what was sealed (Unavailable)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Unavailable


class AuthorityKeyUnusable(Unavailable):
    code = "AUTHORITY_KEY_UNUSABLE"
