"""ASiC-E (ETSI EN 319 162-1): the document and its signatures in one container (.asice)."""
