-- Waves: no job is begun while one of an earlier wave is live. It is what `wanted` says, and nothing else is believed;
-- rows without a wave (4294967296, above any that can be written) go after all that have one.
ALTER TABLE jobs ADD COLUMN wave INTEGER NOT NULL DEFAULT 4294967296;
UPDATE jobs SET wave = json_extract(wanted, '$.wave')
    WHERE json_valid(wanted) AND json_extract(wanted, '$.wave') IS NOT NULL;

DROP INDEX jobs_due_pending;
CREATE INDEX jobs_due_pending ON jobs (campaign_id, wave, due_at, row)
    WHERE state = 'pending' AND claimed_by IS NULL AND due_at IS NOT NULL;
DROP INDEX jobs_by_state;
CREATE INDEX jobs_by_state ON jobs (campaign_id, state, wave);
