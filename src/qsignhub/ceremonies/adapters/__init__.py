"""Where a signer's key and certificate come from: one file for each kind of trust service."""
