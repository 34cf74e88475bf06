"""Tuning jobs: the search space, features that trials share, the state of a job, and its table, picture and page."""
