"""One signer's act: invitation, identity, consent, activation, signature."""
