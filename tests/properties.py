"""Tests of properties, with inputs that hypothesis makes: the same ones in every run, and no limit that a busy machine
could break.
"""

from hypothesis import settings

repeatable = settings(derandomize=True, database=None, deadline=None, max_examples=100)
