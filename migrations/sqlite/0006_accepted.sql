-- Whether any request of a campaign was accepted is asked at each start, of a million rows too.
CREATE INDEX jobs_accepted ON jobs (campaign_id) WHERE accepted = 1;
