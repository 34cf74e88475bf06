"""The metrics that the training program prints as `name=value`, on one line with others: `epoch=3 train_loss=0.9
valid_loss=0.8123 ...`.
"""

OF_AN_EPOCH = ("train_loss", "valid_loss", "valid_accuracy", "seconds")
OF_THE_TEST_SPLIT = (
    "test_loss",
    "test_accuracy",
    "test_top5",
)  # once, after the last epoch, when there is a channel `test`
METRICS = OF_AN_EPOCH + OF_THE_TEST_SPLIT
_MAXIMIZED = ("accuracy", "top5")  # suffixes


def is_maximized(metric: str) -> bool:
    """Whether more of it is better. metric: one of METRICS."""
    return metric.endswith(_MAXIMIZED)


def is_of_the_test_split(metric: str) -> bool:
    return metric in OF_THE_TEST_SPLIT


def line_of_epoch(epoch: int, train_loss: float, valid_loss: float, valid_accuracy: float, seconds: float) -> str:
    return (
        f"epoch={epoch} train_loss={train_loss:.4f} valid_loss={valid_loss:.4f} "
        f"valid_accuracy={valid_accuracy:.4f} seconds={seconds:.1f}"
    )


def line_of_test_split(loss: float, accuracy: float, top5: float) -> str:
    return f"test_loss={loss:.4f} test_accuracy={accuracy:.4f} test_top5={top5:.4f}"
