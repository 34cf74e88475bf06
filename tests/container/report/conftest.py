"""Records that the tests show."""

import pytest

from tests.container.report.full_record import full_record
from tests.container.report.record_of import record_of


@pytest.fixture(scope="session")
def full():
    """Everything is known of this run."""
    return record_of(full_record())


@pytest.fixture
def small():
    """A run of one epoch and few classes, for a test to change."""
    return record_of(full_record(classes=4, epochs=1, steps=20, layers=6))
