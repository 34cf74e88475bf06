"""The runs' files for TensorBoard and MLflow, brought together in two folders that these read at once."""

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from contract.opt_ml import MLFLOW, MLFLOW_RUN_FOLDERS, TENSORBOARD
from scripts.comparison.run import Run


def write_tracking(runs: Sequence[Run], folder: Path) -> list[tuple[str, str]]:
    """Write them below `folder`, in the place of those of an earlier comparison. Returns what looks at them, and the
    command.

    A run's event files are in a folder of its name; in MLflow's store every run has one of its own already.
    """
    events, store = folder / TENSORBOARD, folder / MLFLOW
    for one in (events, store):
        shutil.rmtree(one, ignore_errors=True)
    for run in runs:
        for name, content in run.tracking.items():
            top, *rest = PurePosixPath(name).parts
            if not rest or ".." in rest:  # a name that came with data
                continue
            path = (events / run.name if top == TENSORBOARD else store).joinpath(*rest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for described in store.glob("*/*/meta.yaml"):  # the archive's files alone were read, not its empty folders
        for part in MLFLOW_RUN_FOLDERS:
            (described.parent / part).mkdir(exist_ok=True)
    commands = [
        (events, "In TensorBoard (pip install tensorboard):", f"tensorboard --logdir {events}"),
        (
            store,
            "In MLflow (pip install mlflow):",
            f"MLFLOW_ALLOW_FILE_STORE=true mlflow server --backend-store-uri {store}",
        ),
    ]
    return [(why, command) for path, why, command in commands if path.is_dir()]
