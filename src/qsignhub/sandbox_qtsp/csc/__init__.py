"""The Cloud Signature Consortium API, versions 2 and 1.0.4, as a server."""
