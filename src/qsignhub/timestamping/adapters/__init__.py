"""Timestamp authorities: one in this process, one over HTTP."""
