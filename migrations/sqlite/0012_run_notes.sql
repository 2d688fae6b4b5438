-- What a run knows and its rows do not tell: for `status` in another process, and for the next run to overwrite. It is
-- what `runner` said last; a runner that was killed cannot take it back, so that it counts only while that one works.
CREATE TABLE run_notes (
    campaign_id  INTEGER PRIMARY KEY REFERENCES campaigns (id),
    runner       TEXT REFERENCES runners (id),
    -- What nobody gets through to, in words, and since when.
    outage       TEXT,
    outage_since INTEGER,
    -- Until when Atlas asked to wait (Retry-After), and when it is asked again.
    asked_until  INTEGER,
    asked_again  INTEGER,
    -- When an operator last wanted no waiting for that. The run looks every few seconds.
    forward_at   INTEGER,
    CONSTRAINT an_outage_is_whole CHECK ((outage IS NULL) = (outage_since IS NULL)),
    CONSTRAINT an_asked_wait_is_whole CHECK ((asked_until IS NULL) = (asked_again IS NULL))
) STRICT;

-- The few jobs that wait for what Atlas asked for.
CREATE INDEX jobs_asked ON jobs (campaign_id, asked_until) WHERE asked_until IS NOT NULL;
