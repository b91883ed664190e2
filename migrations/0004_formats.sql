-- What a consent is about: the bytes that get signed, where they are not the original's own (an office
-- document is shown and signed as the PDF it was converted to).
ALTER TABLE consents ADD COLUMN signable_sha256 text;
UPDATE consents SET signable_sha256 = document_sha256;
ALTER TABLE consents ALTER COLUMN signable_sha256 SET NOT NULL;
