"""What an image says when it cannot go on. A run's reason is one sentence in /opt/ml/output/failure, which SageMaker
shows as FailureReason.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import sys
from pathlib import Path

from contract.opt_ml import FAILURE_REASON_CHARACTERS

KILLED = (
    "The training program was killed (SIGKILL), as a rule by the system when the instance's memory was full. Lower "
    "batch-size, image-size "
    "or workers, or take an instance type with more memory."
)


class TrainingFailure(Exception):
    """A failure the user can act on: its message is a sentence that names the thing and the next step."""


def write_failure(reason: str, output_dir: Path) -> None:
    """Write `reason` where SageMaker looks for it, unless another process of the run has: the first one knows the
    cause.

    The toolkit leaves an existing file alone, too. Print the reason before: where the file cannot be written, that is
    said, not raised."""
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        with (output_dir / "failure").open("x") as file:
            file.write(reason[:FAILURE_REASON_CHARACTERS])
    except FileExistsError:
        pass
    except OSError as error:
        print(
            f"warning: the reason cannot be written to {output_dir / 'failure'}: {error.strerror}.",
            file=sys.stderr,
            flush=True,
        )


def why_not_started(path: str, error: OSError) -> str:
    """Why the system cannot start a program of an image, as a sentence.

    path: where the program is. error: what starting it raised.
    """
    return (
        f"{path} cannot be started: {error.strerror}. A script needs a first line that names its interpreter, such as "
        "#!/bin/sh, and a binary must be for this machine's processor."
    )
