-- What the rule book notes of a job besides. All of it is part of the row's seal where it is set (docs/audit.md).
-- The cluster's name as Atlas spells it, where that differs from the fleet's in case: Atlas ignores case.
ALTER TABLE jobs ADD COLUMN atlas_name TEXT;
-- How long nobody could see the cluster while its upgrade was followed; it does not count against the upgrade.
ALTER TABLE jobs ADD COLUMN unattended_ms INTEGER NOT NULL DEFAULT 0;
-- Until when Atlas asked to wait (Retry-After), where the job waits for that.
ALTER TABLE jobs ADD COLUMN asked_until INTEGER;
