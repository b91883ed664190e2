"""The matrix of what QSignHub signs, judged by DSS and by every other tool at hand: ``make conformance``.

Python makes documents, signatures and the report; the judge beside it (``src/main/java``) is DSS.
"""
