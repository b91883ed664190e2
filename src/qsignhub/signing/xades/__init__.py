"""XAdES (ETSI EN 319 132-1): signatures inside of an XML document, around it, or apart from any file."""
