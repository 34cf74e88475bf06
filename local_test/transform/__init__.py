"""Batch transform jobs: objects cut into mini-batches, sent to serving containers, answers put together as `.out`
files.
"""
