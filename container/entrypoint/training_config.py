"""The files that SageMaker writes to /opt/ml/input/config, and which program they ask for.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from container.runtime.failure import TrainingFailure

PROGRAM_DIR = Path(__file__).parents[2]
OWN_PROGRAM = str(PROGRAM_DIR / "container/train.py")  # the program that comes with this image
EXAMPLES = {
    "hyperparameters.json": '{"epochs": "3"}, or {} for none',
    "inputdataconfig.json": '{"train": {"TrainingInputMode": "File"}}, or {} for no channel',
    "resourceconfig.json": '{"current_host": "algo-1", "hosts": ["algo-1"]}',
}


@dataclass(frozen=True)
class TrainingConfig:
    """hyperparameters: text, as in the request. hosts: names of all hosts of the job."""

    hyperparameters: dict[str, object]
    hosts: list[str]
    current_host: str


def read_config(folder: Path) -> TrainingConfig:
    """Read and check the files in `folder`. Raises TrainingFailure for one that is missing, torn, or holds something
    else.
    """
    hyperparameters, resources, _ = (
        _object(folder, name) for name in ("hyperparameters.json", "resourceconfig.json", "inputdataconfig.json")
    )
    hosts, current = resources.get("hosts"), resources.get("current_host")
    if (
        not isinstance(hosts, list)
        or not hosts
        or not all(isinstance(host, str) and host for host in hosts)
        or not isinstance(current, str)
        or not current
    ):
        path = folder / "resourceconfig.json"
        raise TrainingFailure(
            f"{path} must name the job's hosts and which of them this is, such as {EXAMPLES[path.name]}."
        )
    return TrainingConfig(hyperparameters, hosts, current)


def requested_program(
    hyperparameters: Mapping[str, object], environment: Mapping[str, str], code: Sequence[str]
) -> str | None:
    """The program that the request or a derived image names; None where nobody names one, so that ours is meant.

    Args:
        hyperparameters: of the request.
        environment: comes first, as in sagemaker-training.
        code: names of what is in /opt/ml/code.

    Raises TrainingFailure where there is code and nobody says what to run: ours must not run in its place.
    """
    named = environment.get("SAGEMAKER_PROGRAM") or value_of(hyperparameters, "sagemaker_program")
    if named:
        if not isinstance(named, str):
            raise TrainingFailure(
                f"Hyperparameter sagemaker_program must be the name of a file such as train.py, not {named!r}."
            )
        return named
    if directory := value_of(hyperparameters, "sagemaker_submit_directory"):
        raise TrainingFailure(
            f"Hyperparameter sagemaker_submit_directory={directory} brings code, and nothing says which file of it to "
            "run. "
            "Add hyperparameter sagemaker_program, such as train.py."
        )
    if code:
        raise TrainingFailure(
            f"/opt/ml/code holds {listing(code)}, and nothing says which file to run. Set SAGEMAKER_PROGRAM in the "
            "environment or "
            "hyperparameter sagemaker_program; for the program that comes with this image leave /opt/ml/code empty."
        )
    return None


def value_of(hyperparameters: Mapping[str, object], name: str) -> object:
    """A hyperparameter as sagemaker-training reads it: JSON (`"train.py"` in quotes, as SDK v2 sends it), else the
    text.
    """
    value = hyperparameters.get(name)
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def listing(names: Sequence[str], most: int = 10) -> str:
    """`a.py, b.py and 3 more`."""
    shown = ", ".join(sorted(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _object(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        near = [file.name for file in folder.glob("*.json") if file.name.lower() == name]
        instead = f" (there is {near[0]}: names are in small letters)" if near else ""
        raise TrainingFailure(
            f"{path} is missing{instead}. SageMaker writes it for every job; by hand, put it there, such as "
            f"{EXAMPLES[name]}."
        ) from None
    except OSError as error:
        raise TrainingFailure(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise TrainingFailure(f"{path} is not JSON ({error}). It should be such as {EXAMPLES[name]}.") from None
    if not isinstance(content, dict):
        raise TrainingFailure(f"{path} must hold a JSON object, such as {EXAMPLES[name]}.")
    return content
