"""Keys and their use: a signer's key signs only what the signer authorised."""
