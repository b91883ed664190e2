-- A request's events, to tell its history
CREATE INDEX ON events ((data #>> '{signature_request,id}'));
