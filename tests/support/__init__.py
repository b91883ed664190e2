"""What tests lean on: a database engine, a running service, a webhook receiver."""
