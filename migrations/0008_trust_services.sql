-- Which trust service a signature is made with, chosen once and kept; and its key, as that service has it.
ALTER TABLE signings
    ADD COLUMN trust_service text,
    ADD COLUMN key_id        text,                        -- as custody knows it; null: a document timestamp
    ADD COLUMN algorithm     text,                        -- ES256, ES384, RS256, PS256
    ADD COLUMN chain         bytea[],                     -- the certificate's issuers, up to the root
    ADD COLUMN awaiting_since timestamptz,                -- the signer's confirmation at the trust service
    ADD COLUMN renewals      integer NOT NULL DEFAULT 0;  -- one-time certificates that ran out on the way

-- Until now there was one service, and a signing's own key in it. Of several certificates of its CA (one for each
-- base URL) the right one is found by its signature.
UPDATE signings SET trust_service = 'sandbox';
ALTER TABLE signings ALTER COLUMN trust_service SET NOT NULL;
UPDATE signings SET key_id = id, algorithm = 'ES256',
    chain = ARRAY(SELECT certificate FROM authority_certificates WHERE role = 'issuing')
         || ARRAY(SELECT certificate FROM authority_certificates WHERE role = 'root')
WHERE signer_id IS NOT NULL;

-- What a signer entered for a trust service is not kept for longer than it is good for.
ALTER TABLE vault ADD COLUMN kept_at timestamptz NOT NULL DEFAULT clock_timestamp();
