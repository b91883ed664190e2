"""OCSP and CRL: requesting, checking and issuing them."""
