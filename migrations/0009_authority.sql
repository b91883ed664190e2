-- Several authorities, each with several issuing CAs; what they issued, their CRLs, their OCSP answers.

ALTER TABLE authority_certificates
    ADD COLUMN authority text NOT NULL DEFAULT 'sandbox',
    ADD COLUMN profile   text,                                 -- null: made before there were profiles
    ADD COLUMN not_after timestamptz;                          -- null: as above; it stands in the certificate
ALTER TABLE authority_certificates ALTER COLUMN authority DROP DEFAULT;
ALTER TABLE authority_certificates DROP CONSTRAINT authority_certificates_pkey;
ALTER TABLE authority_certificates ADD PRIMARY KEY (authority, role, base_url);

-- What is there was issued by the one CA that there was. It issues no more; it still answers for these.
ALTER TABLE issued_certificates
    ADD COLUMN authority     text NOT NULL DEFAULT 'sandbox',
    ADD COLUMN issuer        text NOT NULL DEFAULT 'issuing',  -- the issuing CA's role
    ADD COLUMN profile       text,
    ADD COLUMN not_after     timestamptz,
    ADD COLUMN ocsp_answer   bytea,                            -- signed ahead; gone with a revocation
    ADD COLUMN ocsp_produced timestamptz;
ALTER TABLE issued_certificates ALTER COLUMN authority DROP DEFAULT;
ALTER TABLE issued_certificates ALTER COLUMN issuer DROP DEFAULT;
ALTER TABLE issued_certificates DROP CONSTRAINT issued_certificates_reference_key;
ALTER TABLE issued_certificates ADD UNIQUE (authority, reference);
CREATE INDEX ON issued_certificates (reference);
CREATE INDEX ON issued_certificates (authority, issuer, revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE authority_crls (
    authority     text NOT NULL,
    issuer        text NOT NULL,                               -- the issuing CA's role, or root
    number        bigint NOT NULL,                             -- rises with every list
    this_update   timestamptz NOT NULL,
    next_update   timestamptz NOT NULL,
    revoked       integer NOT NULL,                            -- how many are on it
    crl           bytea NOT NULL,
    PRIMARY KEY (authority, issuer)
);
