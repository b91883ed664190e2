"""CAdES (ETSI EN 319 122-1), attached: the document and its signatures in one CMS file (.p7m)."""
