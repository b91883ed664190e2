-- How a signer's signature is written: 'typed', or the strokes that were drawn. Null: in plain words alone.
ALTER TABLE consents ADD COLUMN written text;

-- Why a signer is asked to sign; shown in the signature, and signed with it.
ALTER TABLE signers ADD COLUMN reason text;

-- Whether signatures without a field are marked in the bottom margin of the last page.
ALTER TABLE signature_requests ADD COLUMN summary_mark boolean NOT NULL DEFAULT false;
ALTER TABLE signature_requests ALTER COLUMN summary_mark DROP DEFAULT;
