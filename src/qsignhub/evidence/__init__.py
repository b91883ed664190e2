"""The proof that is handed out: what happened on the way to a signed document, told from records."""
