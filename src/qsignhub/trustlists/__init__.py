"""Trusted lists (ETSI TS 119 612): read, written, and asked what is qualified (ETSI TS 119 615)."""
