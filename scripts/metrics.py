"""The figures in the metric lines of the training program, by the name that stands before their `=`."""

METRICS = ("train_loss", "valid_loss", "valid_accuracy", "seconds", "test_loss", "test_accuracy", "test_top5")
_UP = ("accuracy", "top5")  # how the names of those end of which more is better


def is_maximized(metric: str) -> bool:
    """Whether more of it is better. metric: one of METRICS."""
    return metric.endswith(_UP)


def is_of_the_end(metric: str) -> bool:
    """Whether a job prints it once, after its last epoch, and only when it has a channel `test`."""
    return metric.startswith("test_")
