-- Documents of every type: what people are shown, what a signature has to reckon with, and their end --
ALTER TABLE documents
    ADD COLUMN pdf_key     text,                        -- the file laid out as PDF; null: it is a PDF, or has none
    ADD COLUMN pdf_sha256  text,
    ADD COLUMN page_boxes  jsonb NOT NULL DEFAULT '[]', -- [[how many pages, [x0, y0, x1, y1] or null], ...]
    ADD COLUMN hazards     jsonb NOT NULL DEFAULT '[]', -- [{code, message}, ...]
    ADD COLUMN deleted_at  timestamptz,                 -- by its owner: its own bytes are gone
    ADD COLUMN purged_at   timestamptz;                 -- retention is over: and so is what was signed on it
CREATE INDEX ON documents (account_id, mode, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND purged_at IS NULL;
CREATE INDEX ON documents (account_id, mode, expires_at) WHERE purged_at IS NULL;

ALTER TABLE signature_requests
    ADD COLUMN files_removed_at timestamptz;            -- its document's retention is over
