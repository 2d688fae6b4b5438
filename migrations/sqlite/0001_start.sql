-- The three tables of Drydock. Times are milliseconds since 1970 in UTC, flags are 0 or 1.
-- The CHECKs repeat what the rule book (`domain::machine`) promises, so that a fault in it cannot reach the disk.
-- `id` is never reused, since nothing is ever deleted.

CREATE TABLE campaigns (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    operation   TEXT    NOT NULL,
    -- What it was first run against: the simulation, or a host.
    against     TEXT,
    created_at  INTEGER NOT NULL,
    -- The newest time that anything of the campaign was written with; a clock must not start below it.
    touched_at  INTEGER NOT NULL,
    -- The names of the fleet's extra columns in their order, a JSON array.
    columns     TEXT    NOT NULL DEFAULT '[]',
    hold_code   TEXT,
    hold_detail TEXT,
    held_at     INTEGER,
    CONSTRAINT a_hold_is_whole CHECK ((hold_code IS NULL) = (hold_detail IS NULL) AND (hold_code IS NULL) = (held_at IS NULL))
) STRICT;

CREATE TABLE jobs (
    id                       INTEGER PRIMARY KEY,
    campaign_id              INTEGER NOT NULL REFERENCES campaigns (id),
    row                      INTEGER NOT NULL,
    project_id               TEXT    NOT NULL,
    cluster_name             TEXT    NOT NULL,
    -- JSON: `domain::job::Wanted`, and an array of pairs.
    wanted                   TEXT    NOT NULL,
    extra                    TEXT    NOT NULL DEFAULT '[]',
    state                    TEXT    NOT NULL DEFAULT 'pending',
    revision                 INTEGER NOT NULL DEFAULT 0,
    send                     INTEGER NOT NULL DEFAULT 0,
    attempts                 INTEGER NOT NULL DEFAULT 0,
    open                     INTEGER NOT NULL DEFAULT 0,
    accepted                 INTEGER NOT NULL DEFAULT 0,
    if_not_landed            TEXT,
    if_not_landed_code       TEXT,
    if_not_landed_detail     TEXT,
    left_at                  INTEGER,
    streak_since             INTEGER,
    streak_id                TEXT,
    streak_looks             INTEGER,
    missing                  INTEGER NOT NULL DEFAULT 0,
    alone                    INTEGER NOT NULL DEFAULT 0,
    deferrals                INTEGER NOT NULL DEFAULT 0,
    overdue                  INTEGER NOT NULL DEFAULT 0,
    first_look_at            INTEGER,
    looked_at                INTEGER,
    sent_at                  INTEGER,
    accepted_at              INTEGER,
    submitted_at             INTEGER,
    finished_at              INTEGER,
    due_at                   INTEGER,
    error_code               TEXT,
    error_detail             TEXT,
    source_id                TEXT,
    source_connection_string TEXT,
    target_id                TEXT,
    target_connection_string TEXT,
    answered_id              TEXT,
    seen                     TEXT,
    -- Who works on the job now, and who was the last to write it.
    claimed_by               TEXT,
    runner                   TEXT,
    CONSTRAINT one_row_a_cluster UNIQUE (project_id, cluster_name, campaign_id),
    CONSTRAINT one_of_nine_states CHECK (state IN ('pending', 'ready', 'submitting', 'verifying', 'upgrading',
        'succeeded', 'skipped', 'failed', 'cancelled')),
    CONSTRAINT ended_means_finished CHECK
        ((state IN ('succeeded', 'skipped', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT ended_means_at_rest CHECK (finished_at IS NULL OR (due_at IS NULL AND claimed_by IS NULL)),
    CONSTRAINT nothing_is_lost CHECK (finished_at IS NOT NULL OR state = 'submitting' OR due_at IS NOT NULL),
    CONSTRAINT submitting_means_open CHECK (state <> 'submitting' OR open = 1),
    CONSTRAINT open_means_followed CHECK (open = 0 OR state IN ('submitting', 'verifying', 'upgrading')
        OR coalesce(error_code, '') = 'OUTCOME_UNKNOWN'),
    CONSTRAINT failed_means_why CHECK (state <> 'failed' OR error_code IS NOT NULL),
    CONSTRAINT an_error_is_whole CHECK ((error_code IS NULL) = (error_detail IS NULL)),
    CONSTRAINT attempts_are_sends CHECK (send >= 0 AND attempts BETWEEN 0 AND send),
    CONSTRAINT flags_are_flags CHECK (open IN (0, 1) AND accepted IN (0, 1) AND alone IN (0, 1)),
    CONSTRAINT a_plan_is_whole CHECK (coalesce(if_not_landed, 'ready') IN ('ready', 'failed', 'cancelled')
        AND (coalesce(if_not_landed, '') = 'failed') = (if_not_landed_code IS NOT NULL)
        AND (if_not_landed_code IS NULL) = (if_not_landed_detail IS NULL)),
    CONSTRAINT a_streak_is_whole CHECK
        ((streak_since IS NULL) = (streak_id IS NULL) AND (streak_since IS NULL) = (streak_looks IS NULL)),
    CONSTRAINT an_identity_has_an_id CHECK ((source_id IS NOT NULL OR source_connection_string IS NULL)
        AND (target_id IS NOT NULL OR target_connection_string IS NULL))
) STRICT;

-- A cluster is live in one campaign at most.
CREATE UNIQUE INDEX jobs_live ON jobs (project_id, cluster_name) WHERE finished_at IS NULL;

-- What is due, one index a lane. Neither holds a job that has ended or is claimed, and `rest` is short even
-- while a hundred thousand jobs are pending.
CREATE INDEX jobs_due_pending ON jobs (campaign_id, due_at, row)
    WHERE state = 'pending' AND claimed_by IS NULL AND due_at IS NOT NULL;
CREATE INDEX jobs_due_rest ON jobs (campaign_id, due_at, row)
    WHERE state <> 'pending' AND claimed_by IS NULL AND due_at IS NOT NULL;

-- The jobs in somebody's hands, the fleet's order, the counts, and the rate.
CREATE INDEX jobs_begun ON jobs (campaign_id, id) WHERE finished_at IS NULL AND state <> 'pending';
CREATE INDEX jobs_in_order ON jobs (campaign_id, row, id);
CREATE INDEX jobs_by_state ON jobs (campaign_id, state);
CREATE INDEX jobs_finished ON jobs (campaign_id, finished_at) WHERE finished_at IS NOT NULL;

-- The history: what happened to each job, numbered from 1. `state` is the job's state afterwards.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
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
    CONSTRAINT numbered_per_job UNIQUE (job_id, seq)
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only: an event is never changed');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only: an event is never deleted');
END;
