"""Invitations, reminders, cancellations: composed, sent in live mode, kept in the outbox in test mode."""
