"""The report of a training run: one HTML page, and the same record as JSON."""
