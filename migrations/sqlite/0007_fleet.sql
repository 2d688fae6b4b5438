-- What the fleet was last loaded from: SHA-256 over the file and all else that reading it depends on. NULL where that
-- is not known, or where the campaign has a job that is not in the fleet. The same again need not be loaded again.
ALTER TABLE campaigns ADD COLUMN fleet BLOB;
