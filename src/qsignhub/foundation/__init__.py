"""What every room stands on: database, events, jobs, blobs, clock, ids, errors."""
