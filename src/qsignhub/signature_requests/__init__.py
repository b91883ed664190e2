"""Signature requests: their state machine and its use cases."""
