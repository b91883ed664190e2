"""Our own check of a certificate, before it is signed with a key that counts."""

from qsignhub.authority.lint.check import check

__all__ = ["check"]
