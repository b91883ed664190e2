"""The built-in certification authority: certificates, their status, CRL, OCSP, TSA."""
