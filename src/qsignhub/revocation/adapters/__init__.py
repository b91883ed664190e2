"""Sources of revocation information: issuers in this process, and the URLs in certificates."""
