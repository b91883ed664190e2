-- Which trust service a signature is made with, chosen once and kept; and its key, as that service has it.
ALTER TABLE signings
    ADD COLUMN trust_service text,                        -- null: the document timestamp at completion
    ADD COLUMN key_id        text,                        -- as custody knows it
    ADD COLUMN algorithm     text,                        -- ES256, ES384, RS256, PS256
    ADD COLUMN chain         bytea[],                     -- the certificate's issuers, up to the root
    ADD COLUMN awaiting_since timestamptz,                -- the signer's confirmation at the trust service
    ADD COLUMN renewals      integer NOT NULL DEFAULT 0;  -- one-time certificates that ran out on the way

-- Until now there was one service, and a signing's own key in it.
UPDATE signings SET trust_service = 'sandbox', key_id = id, algorithm = 'ES256',
    chain = ARRAY(SELECT certificate FROM authority_certificates WHERE role = 'issuing')
         || ARRAY(SELECT certificate FROM authority_certificates WHERE role = 'root')
WHERE signer_id IS NOT NULL;
