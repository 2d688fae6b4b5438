-- One cluster is one cluster in whatever case its name is written, since Atlas ignores case
-- (`domain::cluster_name`). Older versions did not know that, so a database may hold two jobs for one cluster: two of
-- one campaign, or live ones of two campaigns. One of them stands for the cluster, and the others name it here; they are
-- never begun while it is live. It is the one that a request was accepted for, or that was sent most often, of those
-- that are live, or else of all; of equals the older one. So what was done to the cluster is not lost sight of.
ALTER TABLE jobs ADD COLUMN duplicate_of INTEGER;
UPDATE jobs SET duplicate_of = pair.stands
    FROM (SELECT id, first_value(id) OVER (PARTITION BY campaign_id, lower(project_id), lower(cluster_name)
            ORDER BY finished_at IS NOT NULL, accepted DESC, send DESC, id) AS stands
        FROM jobs) AS pair
    WHERE jobs.id = pair.id AND pair.stands <> pair.id;
UPDATE jobs SET duplicate_of = pair.stands
    FROM (SELECT id, first_value(id) OVER (PARTITION BY lower(project_id), lower(cluster_name)
            ORDER BY accepted DESC, send DESC, id) AS stands
        FROM jobs WHERE finished_at IS NULL AND duplicate_of IS NULL) AS pair
    WHERE jobs.id = pair.id AND pair.stands <> pair.id;
CREATE INDEX jobs_duplicates ON jobs (campaign_id) WHERE duplicate_of IS NOT NULL;

-- A cluster is live in one campaign at most: of all live jobs the third column is 0, of any other it is the key.
-- The same index finds all jobs for a cluster.
DROP INDEX jobs_live;
CREATE UNIQUE INDEX jobs_by_cluster ON jobs (lower(project_id), lower(cluster_name),
    (CASE WHEN finished_at IS NULL AND duplicate_of IS NULL THEN 0 ELSE id END));

-- Each fleet is read again, since some that were loaded are refused now.
UPDATE campaigns SET fleet = NULL;
