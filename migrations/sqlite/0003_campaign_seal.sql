-- A digest over what a campaign is, so that a count that was lowered, or a host that was changed, is found
-- (docs/audit.md). Zeros stand for a campaign from before there was one.
ALTER TABLE campaigns ADD COLUMN seal BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
