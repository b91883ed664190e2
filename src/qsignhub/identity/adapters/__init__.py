"""One file for each identity provider."""
