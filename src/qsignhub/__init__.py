"""QSignHub: electronic signatures under eIDAS through one REST API."""
