"""Validation of signed documents as a library (EN 319 102-1)."""
