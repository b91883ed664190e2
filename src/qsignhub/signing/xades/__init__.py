"""XAdES (ETSI EN 319 132-1), enveloped: the signatures are children of the document's root element."""
