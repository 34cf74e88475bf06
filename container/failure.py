"""How a run says why it ended: one sentence in /opt/ml/output/failure, which SageMaker shows as FailureReason.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

from pathlib import Path

MAX_CHARACTERS = 1024  # SageMaker cuts the file here


class TrainingFailure(Exception):
    """A failure the user can act on: its message is a sentence that names the thing and the next step."""


def write_failure(reason: str, output_dir: Path) -> None:
    """Write `reason` where SageMaker looks for it; the toolkit leaves an existing file alone."""
    output_dir.mkdir(parents=True, exist_ok=True)
    (output_dir / "failure").write_text(reason[:MAX_CHARACTERS])
