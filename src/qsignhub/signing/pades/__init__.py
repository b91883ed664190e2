"""PAdES (ETSI EN 319 142-1) in steps that can be interrupted: prepare, assemble, embed, timestamp."""
