"""The entrance for jobs: takes them from the queue and calls the rooms."""
