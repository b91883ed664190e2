-- What /metrics counts at each scrape: the few that are open, never all that ever were ---------------
CREATE INDEX ON signature_requests (status) WHERE status IN ('pending', 'in_progress');
CREATE INDEX ON webhook_deliveries (status) WHERE status IN ('pending', 'failed');
