"""Signature formats as a library: prepare, assemble, embed. Knows neither SQL nor HTTP."""
