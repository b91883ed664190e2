-- Levels over time: what a run of the cycle is for, the level at which its signature was published, and when
-- what protects a finished file has to be looked at again.
ALTER TABLE signings
    ADD COLUMN kind             text,
    ADD COLUMN level            text CHECK (level IN ('B-T', 'B-LT')),  -- null: from before it was recorded
    ADD COLUMN waits_until      timestamptz,           -- of a seal: no newer status is to be had before
    ADD COLUMN archive_tokens   bytea[],               -- all that cover the file; timestamp_token is the last
    ADD COLUMN archive_check_at timestamptz;           -- when they are looked at; null: others cover them
UPDATE signings SET kind = CASE WHEN signer_id IS NULL THEN 'seal' ELSE 'signature' END;
UPDATE signings SET archive_tokens = ARRAY[timestamp_token]
WHERE kind = 'seal' AND step = 'published' AND timestamp_token IS NOT NULL;
-- What was completed before is looked at once, which finds out how long its timestamps hold: those of its last
-- revision. That is the seal's, or the last signature's where the format had no seal of its own.
UPDATE signings last SET archive_check_at = coalesce(seal.finished_at, last.finished_at, seal.begun_at)
FROM signings seal
WHERE seal.request_id = last.request_id AND seal.kind = 'seal' AND seal.step = 'published'
  AND last.timestamp_token IS NOT NULL
  AND last.id = (SELECT v.signing_id FROM revisions v WHERE v.request_id = last.request_id
                 ORDER BY v.number DESC LIMIT 1);
ALTER TABLE signings
    ALTER COLUMN kind SET NOT NULL,
    ADD CHECK (kind IN ('signature', 'seal', 'extension')),
    ADD CHECK ((kind = 'signature') = (signer_id IS NOT NULL));
DROP INDEX signings_request_id_idx;
CREATE UNIQUE INDEX ON signings (request_id) WHERE kind = 'seal' AND refusal_code IS NULL;
CREATE UNIQUE INDEX ON signings (request_id) WHERE kind = 'extension' AND finished_at IS NULL;
CREATE INDEX ON signings (archive_check_at) WHERE archive_check_at IS NOT NULL;
