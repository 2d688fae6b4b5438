-- Holds: an answer that concerns more than one cluster stops a project, an organisation or the whole campaign. A hold
-- that is over stays as a record of who lifted it, and why. The three columns of `campaigns` that told of one hold for
-- all are empty from now on; a run used to lift that hold by itself.
CREATE TABLE holds (
    id          INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
    scope       TEXT    NOT NULL,
    -- The id of the project or organisation; empty for the campaign.
    scope_id    TEXT    NOT NULL,
    -- What ends it.
    release     TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    held_by     TEXT    NOT NULL REFERENCES runners (id),
    released_at INTEGER,
    released_by TEXT REFERENCES runners (id),
    reason      TEXT,
    CONSTRAINT one_of_three_scopes CHECK (scope IN ('project', 'organisation', 'campaign')
        AND (scope = 'campaign') = (scope_id = '')),
    CONSTRAINT one_of_two_releases CHECK (release IN ('operator', 'probe')),
    CONSTRAINT a_release_is_whole CHECK ((released_at IS NULL) = (released_by IS NULL)
        AND (released_at IS NOT NULL OR reason IS NULL))
) STRICT;

CREATE UNIQUE INDEX holds_in_force ON holds (campaign_id, scope, scope_id) WHERE released_at IS NULL;

CREATE TRIGGER holds_are_never_deleted BEFORE DELETE ON holds
BEGIN
    SELECT RAISE(ABORT, 'a hold is released, and never deleted');
END;

UPDATE campaigns SET hold_code = NULL, hold_detail = NULL, held_at = NULL;
