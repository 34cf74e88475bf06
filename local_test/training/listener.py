"""Who follows a training job while it runs."""

from typing import Any


class Listener:
    """Takes no notice. Another may: its methods are called from the job's own threads, so they must return soon."""

    def metrics(self, found: list[tuple[str, float]]) -> None:
        """(metric, value) of lines that the job has just printed, in their order. What this raises is an internal error
        of the job.
        """

    def starts_again(self) -> None:
        """The job begins once more, after an interruption or a fault; without checkpoints its program begins at the
        first epoch.
        """

    def ended(self, job: dict[str, Any]) -> None:
        """job: its record, as DescribeTrainingJob answers it. Every line was heard before. Must not raise."""
