"""RFC 3161 timestamps: requesting, checking and issuing them."""
