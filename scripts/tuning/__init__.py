"""Tuning jobs: what is searched, what the trials share, what the service tells of them, and how that is shown."""
