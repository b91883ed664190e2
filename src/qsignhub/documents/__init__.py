"""Documents: received, inspected, kept."""
