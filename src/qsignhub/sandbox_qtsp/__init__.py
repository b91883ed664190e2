"""A QTSP in a box, for tests of the live path: CSC API, CA, OCSP, TSA and a trusted list, all SANDBOX."""
