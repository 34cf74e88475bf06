"""Tests of properties, with inputs that hypothesis makes: the same ones in every run, and no limit that a busy machine
could break.
"""

from hypothesis import HealthCheck, settings

repeatable = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],  # which measures how long examples take to make
)
