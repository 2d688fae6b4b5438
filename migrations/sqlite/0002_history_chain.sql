-- Histories that can be trusted: each event carries the SHA-256 of the one before it and of itself, and each job
-- the newest of them (docs/audit.md). Digests are 32 bytes; zeros stand for what was written before there were any.

-- The processes that wrote. Never changed: what an event says of its runner is part of its digest.
CREATE TABLE runners (
    id         TEXT PRIMARY KEY,
    host       TEXT NOT NULL,
    version    TEXT NOT NULL,
    -- The user who started the process.
    started_by TEXT NOT NULL
) STRICT;

CREATE TRIGGER runners_are_never_changed BEFORE UPDATE ON runners
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only: a runner is never changed');
END;

CREATE TRIGGER runners_are_never_deleted BEFORE DELETE ON runners
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only: a runner is never deleted');
END;

-- How many jobs a campaign has, so that a row that is gone is missed.
ALTER TABLE campaigns ADD COLUMN jobs INTEGER NOT NULL DEFAULT 0;
UPDATE campaigns SET jobs = (SELECT count(*) FROM jobs WHERE jobs.campaign_id = campaigns.id);

-- How many events a job has, the digest of the newest, and a digest over the row as it was last written.
ALTER TABLE jobs ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN head BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
ALTER TABLE jobs ADD COLUMN seal BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
UPDATE jobs SET events = (SELECT count(*) FROM events WHERE events.job_id = jobs.id);

-- The history again, with its digests, and in the order in which it is read.
CREATE TABLE chained (
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    send        INTEGER,
    code        TEXT,
    detail      TEXT,
    runner      TEXT    NOT NULL,
    -- The call to Atlas that taught it, if there was one.
    method      TEXT,
    path        TEXT,
    status      INTEGER,
    duration_ms INTEGER,
    -- What the job was afterwards, the event before, and this event.
    job_digest      BLOB NOT NULL,
    previous_digest BLOB NOT NULL,
    digest          BLOB NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO chained (job_id, seq, at, kind, state, send, code, detail, runner, method, path, status, duration_ms,
        job_digest, previous_digest, digest)
    SELECT job_id, seq, at, kind, state, send, code, detail, runner, method, path, status, duration_ms,
        x'0000000000000000000000000000000000000000000000000000000000000000',
        x'0000000000000000000000000000000000000000000000000000000000000000',
        x'0000000000000000000000000000000000000000000000000000000000000000'
    FROM events;
DROP TABLE events;
ALTER TABLE chained RENAME TO events;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only: an event is never changed');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only: an event is never deleted');
END;
