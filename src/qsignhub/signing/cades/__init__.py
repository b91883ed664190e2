"""CAdES (ETSI EN 319 122-1): the document and its signatures in one CMS file (attached, .p7m), or the
signatures alone (detached, .p7s).
"""
