-- API keys: names, ends, overlap, scopes, addresses ----------------------------------------------
ALTER TABLE api_keys
    ADD COLUMN name         text NOT NULL DEFAULT '',
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN expires_at   timestamptz,
    ADD COLUMN scopes       text[] NOT NULL DEFAULT '{}',          -- empty: everything
    ADD COLUMN allowed_from inet[] NOT NULL DEFAULT '{}',          -- empty: from anywhere
    ADD COLUMN replaced_by  text REFERENCES api_keys;
CREATE INDEX ON api_keys (account_id, mode);

-- Requests counted by the minute. Unlogged: a count costs no flush, and after a crash of the database
-- everybody begins a new minute, which harms nobody.
CREATE UNLOGGED TABLE rate_windows (
    holder  text PRIMARY KEY,                       -- an account in one of its worlds, or an address
    minute  bigint NOT NULL,                        -- of the Unix epoch
    used    integer NOT NULL
) WITH (fillfactor = 50);

-- Answers to POSTs with an X-Idempotency-Key, written in the transaction of their effect ----------
CREATE TABLE idempotent_answers (
    account_id   text NOT NULL REFERENCES accounts,
    mode         text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,                    -- SHA-256 over method, path and what was sent
    status       integer NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (account_id, mode, key)
);
CREATE INDEX ON idempotent_answers (created_at);

-- The test world's clock: how far an account is ahead of the real time -----------------------------
CREATE TABLE test_clocks (
    account_id  text PRIMARY KEY REFERENCES accounts,
    ahead       interval NOT NULL
);

-- Signature requests -------------------------------------------------------------------------------
ALTER TABLE signature_requests
    ADD COLUMN format           text NOT NULL DEFAULT 'pades' CHECK (format IN ('pades', 'xades', 'cades')),
    ADD COLUMN cancelled_at     timestamptz,
    ADD COLUMN cancel_reason    text;
DROP INDEX signature_requests_account_id_mode_created_at_idx;
CREATE INDEX ON signature_requests (account_id, mode, created_at DESC, id DESC);
CREATE INDEX ON signature_requests (account_id, mode, status, created_at DESC, id DESC);
CREATE INDEX ON signature_requests (account_id, mode, expires_at) WHERE status IN ('pending', 'in_progress');
CREATE INDEX ON signature_requests (document_id);

ALTER TABLE signers
    ADD COLUMN invited_at     timestamptz,          -- set once, when the turn comes
    ADD COLUMN test_document  text,                 -- test mode: what the mocked identity check is shown
    DROP CONSTRAINT signers_status_check,
    ADD CONSTRAINT signers_status_check CHECK (status IN (
        'pending_verification', 'verification_failed', 'verified', 'pending_signature', 'signing', 'signed',
        'failed'));

CREATE TABLE reminders (
    signer_id  text NOT NULL REFERENCES signers,
    number     integer NOT NULL CHECK (number BETWEEN 1 AND 3),
    channel    text NOT NULL CHECK (channel IN ('email', 'sms', 'both')),
    sent_at    timestamptz NOT NULL,                -- by the account's clock
    PRIMARY KEY (signer_id, number)
);
