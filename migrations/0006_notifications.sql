-- What was told to signers, and what became of it ------------------------------------------------
CREATE TABLE messages (
    id              text PRIMARY KEY,
    account_id      text NOT NULL REFERENCES accounts,
    mode            text NOT NULL CHECK (mode IN ('test', 'live')),
    notice_id       text NOT NULL,                  -- the Message-ID of a mail comes from it
    kind            text NOT NULL CHECK (kind IN ('invitation', 'reminder', 'cancellation')),
    channel         text NOT NULL CHECK (channel IN ('email', 'sms')),
    request_id      text NOT NULL REFERENCES signature_requests,
    signer_id       text NOT NULL REFERENCES signers,
    recipient       text,                           -- null: the signer has no phone
    status          text NOT NULL CHECK (status IN ('waiting', 'sent', 'stored', 'failed')),
    failure_code    text,
    failure_message text,
    content_sealed  bytea,                          -- the test world's outbox alone keeps what was said
    created_at      timestamptz NOT NULL,
    settled_at      timestamptz,
    UNIQUE (notice_id, channel),
    CHECK (mode = 'test' OR content_sealed IS NULL),
    CHECK (status <> 'stored' OR content_sealed IS NOT NULL)
);
CREATE INDEX ON messages (account_id, mode, created_at DESC, id DESC);
CREATE INDEX ON messages (request_id, created_at DESC, id DESC);
