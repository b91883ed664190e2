-- Accounts and keys ---------------------------------------------------------------------------
CREATE TABLE accounts (
    id          text PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    tier        text NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE api_keys (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts,
    mode        text NOT NULL CHECK (mode IN ('test', 'live')),
    key_hash    bytea NOT NULL UNIQUE,          -- SHA-256; the key has 190 bits of its own
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);

-- Documents -----------------------------------------------------------------------------------
CREATE TABLE documents (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts,
    mode        text NOT NULL CHECK (mode IN ('test', 'live')),
    name        text NOT NULL,
    locale      text,
    mime_type   text NOT NULL,
    size_bytes  bigint NOT NULL,
    pages       integer,
    sha256      text NOT NULL,
    blob_key    text NOT NULL,
    preview_key text,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

-- Signature requests --------------------------------------------------------------------------
CREATE TABLE signature_requests (
    id             text PRIMARY KEY,
    account_id     text NOT NULL REFERENCES accounts,
    mode           text NOT NULL CHECK (mode IN ('test', 'live')),
    document_id    text NOT NULL REFERENCES documents,
    status         text NOT NULL
                   CHECK (status IN ('pending', 'in_progress', 'completed', 'expired', 'cancelled')),
    signature_type text NOT NULL CHECK (signature_type IN ('qes', 'aes', 'ses')),
    signing_order  text NOT NULL CHECK (signing_order IN ('sequential', 'parallel')),
    redirect_url   text,
    fields         jsonb NOT NULL,
    metadata       jsonb NOT NULL,
    link_hash      bytea NOT NULL UNIQUE,       -- SHA-256 of the link's token, to find it
    link_sealed    bytea NOT NULL,              -- the token sealed, to show it to the integrator again
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    completed_at   timestamptz
);
CREATE INDEX ON signature_requests (account_id, mode, created_at DESC);

CREATE TABLE signers (
    id                text PRIMARY KEY,
    request_id        text NOT NULL REFERENCES signature_requests,
    position          integer NOT NULL,         -- index in the request's signers, from 0
    signing_position  integer NOT NULL,         -- the contract's "order"
    name              text NOT NULL,
    email             text NOT NULL,
    phone             text,
    locale            text,
    identity_method   text,
    identity_country  text,
    status            text NOT NULL CHECK (status IN ('pending_verification', 'verification_failed',
                                                      'verified', 'signing', 'signed', 'failed')),
    failure_code      text,
    failure_message   text,
    link_hash         bytea NOT NULL UNIQUE,
    link_sealed       bytea NOT NULL,
    signed_at         timestamptz,
    certificate       jsonb,                    -- as the contract shows it
    signature_timestamp jsonb,
    UNIQUE (request_id, position)
);

CREATE TABLE identity_verifications (
    signer_id        text PRIMARY KEY REFERENCES signers,
    account_id       text NOT NULL REFERENCES accounts,
    mode             text NOT NULL,
    status           text NOT NULL CHECK (status IN ('verified', 'failed')),
    method           text NOT NULL,
    full_name        text,
    document_type    text,
    document_country text,
    date_of_birth    date,
    document_expiry  date,
    match_score      double precision,
    liveness_check   boolean,
    failure_reason   text,
    hints            jsonb NOT NULL DEFAULT '{}',
    verified_at      timestamptz NOT NULL
);

-- The journal of the signing cycle ------------------------------------------------------------
CREATE TABLE consents (
    signer_id       text PRIMARY KEY REFERENCES signers,   -- at most one act of signing per signer
    account_id      text NOT NULL REFERENCES accounts,
    mode            text NOT NULL,
    document_sha256 text NOT NULL,                         -- what the signer saw
    given_at        timestamptz NOT NULL,
    ip_address      text,
    user_agent      text
);

CREATE TABLE signings (
    id                text PRIMARY KEY,
    request_id        text NOT NULL REFERENCES signature_requests,
    signer_id         text REFERENCES signers,             -- null: the document timestamp at completion
    step              text NOT NULL,                       -- the last step that is done
    begun_at          timestamptz NOT NULL,
    certificate       bytea,
    base_revision     integer,
    prepared_key      text,
    prepared_sha256   text,
    reserved_start    bigint,
    reserved_end      bigint,
    signed_attributes bytea,
    digest            bytea,                               -- SHA-256 of what custody is to sign
    signature         bytea,
    timestamp_token   bytea,
    result_key        text,
    result_sha256     text,
    result_size       bigint,
    finished_at       timestamptz,
    refusal_code      text
);
CREATE UNIQUE INDEX ON signings (signer_id) WHERE refusal_code IS NULL;      -- one signature per signer
CREATE UNIQUE INDEX ON signings (request_id) WHERE signer_id IS NULL AND refusal_code IS NULL;
CREATE INDEX ON signings (request_id, begun_at);

CREATE TABLE activations (
    id          text PRIMARY KEY,
    signing_id  text NOT NULL REFERENCES signings,
    key_id      text NOT NULL,
    digest      bytea NOT NULL,
    token       bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- done: the key was used once; burnt: begun in custody, outcome unknown; lapsed: never used
    state       text NOT NULL CHECK (state IN ('issued', 'done', 'burnt', 'lapsed'))
);
CREATE INDEX ON activations (signing_id);

CREATE TABLE revisions (
    request_id  text NOT NULL REFERENCES signature_requests,
    number      integer NOT NULL,                          -- 1 for the first signature
    signing_id  text NOT NULL UNIQUE REFERENCES signings,
    blob_key    text NOT NULL,
    sha256      text NOT NULL,
    size_bytes  bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (request_id, number)
);

-- Events and webhooks -------------------------------------------------------------------------
CREATE TABLE events (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts,
    mode        text NOT NULL,
    type        text NOT NULL,
    data        jsonb NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE webhook_endpoints (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts,
    mode          text NOT NULL,
    url           text NOT NULL,
    secret_sealed bytea NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX ON webhook_endpoints (account_id, mode);

CREATE TABLE webhook_deliveries (
    endpoint_id  text NOT NULL REFERENCES webhook_endpoints,
    event_id     text NOT NULL REFERENCES events,
    attempts     integer NOT NULL DEFAULT 0,
    status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    last_outcome text,
    delivered_at timestamptz,
    PRIMARY KEY (endpoint_id, event_id)
);

-- The built-in authority ----------------------------------------------------------------------
CREATE TABLE authority_certificates (
    role        text NOT NULL,                             -- root, issuing, ocsp, tsa
    base_url    text NOT NULL,                             -- the service's URL that it carries; '' for none
    certificate bytea NOT NULL,
    PRIMARY KEY (role, base_url)
);

CREATE TABLE issued_certificates (
    serial            text PRIMARY KEY,                    -- hexadecimal, lower case
    reference         text UNIQUE,                         -- what it was issued for: a signing's id
    certificate       bytea NOT NULL,
    issued_at         timestamptz NOT NULL,
    revoked_at        timestamptz,
    revocation_reason text
);

-- Foundation ----------------------------------------------------------------------------------
CREATE TABLE register (
    kind        text NOT NULL,
    name        text NOT NULL,
    value       bytea NOT NULL,
    claimed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, name)
);

CREATE TABLE vault (
    kind        text NOT NULL,
    name        text NOT NULL,
    sealed      bytea NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE TABLE job_starts (
    job_id      bigint PRIMARY KEY,
    starts      integer NOT NULL
);
