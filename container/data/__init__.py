"""From the channels of a job to batches."""
