"""The documentation at /docs: guides, error codes and the API reference, served by the service itself."""
