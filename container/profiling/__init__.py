"""The profiler: times of training steps, metrics of the machine, and what they say about a slow run."""
