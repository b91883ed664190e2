-- How signature and document come together: inside one another, side by side, or in a container.
ALTER TABLE signature_requests ADD COLUMN packaging text;
UPDATE signature_requests SET packaging = CASE format WHEN 'cades' THEN 'attached' ELSE 'enveloped' END;
ALTER TABLE signature_requests ALTER COLUMN packaging SET NOT NULL;
