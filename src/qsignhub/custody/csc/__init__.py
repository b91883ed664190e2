"""A client of the Cloud Signature Consortium API, v1.0.4.0 and v2, for keys that a remote QTSP holds."""
