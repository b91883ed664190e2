-- The record of a click-to-sign act, as canonical JSON: its SHA-256 stands, signed, in the document.
ALTER TABLE consents ADD COLUMN click bytea;
