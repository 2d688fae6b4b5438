-- Which file this database is: one row, written anew at every start of a run. By it a copy that is run beside its
-- original, and a backup that was put back, are noticed before anything is sent. Device and inode are decimal texts,
-- since they have 64 bits without a sign.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- 128 random bits in hex; a new one when a copy becomes a database of its own.
    id TEXT NOT NULL,
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    -- When the file was made, in nanoseconds since 1970, where the file system knows it.
    born INTEGER,
    path TEXT NOT NULL,
    host TEXT NOT NULL,
    -- Grows with every writing of the row; the lock file has it, too.
    generation INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    -- When a run found last that this was another file than that of the run before.
    restored_at INTEGER,
    -- What `drydock backup` made a copy of, until a run has taken it up.
    copied_from TEXT,
    -- When the newest intent to send was written. The lock file has it, too, before the request leaves.
    sent_at INTEGER
) STRICT;
