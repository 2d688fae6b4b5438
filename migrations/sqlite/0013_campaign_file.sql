-- The campaign file that was run last, as an absolute path: it is named where a run is to go on, and means nothing else.
-- NULL where that is not known.
ALTER TABLE campaigns ADD COLUMN file TEXT;
