"""What an interrupted run left in the folder of tensors, for the same run to go on from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

END_OF_TRAINING = "training_job_end.ts"  # smdebug's name; its reader takes a run with this file for over


@dataclass(frozen=True)
class NextSteps:
    """Numbers of the first steps to come: of all modes together, of mode TRAIN, of mode EVAL."""

    all: int
    train: int
    evaluation: int


def go_on(folder: Path, first_step: int) -> NextSteps:
    """Put `folder` back to what it was before training step `first_step`; it need not exist.

    What was saved of later steps, which are about to be made again, is removed, and so is the mark of the run's end.
    """
    (folder / END_OF_TRAINING).unlink(missing_ok=True)
    last, evaluations, again = -1, 0, first_step == 0
    for index in sorted(folder.glob("index/*/*.json"), key=lambda path: path.name):
        step = int(index.name.split("_")[0])
        meta = None if again else _meta(index)
        again = meta is None or (meta["mode"] == "TRAIN" and meta["mode_step"] >= first_step)
        if again or meta is None:
            index.unlink()
            for events in folder.glob(f"events/{step:012}/*.tfevents"):
                events.unlink()
            continue
        last = step
        if meta["mode"] == "EVAL":
            evaluations = meta["mode_step"] + 1
    return NextSteps(max(last + 1, first_step), first_step, evaluations)


def _meta(index: Path) -> dict[str, Any] | None:
    """What an index says of its step; None where the file was written in part."""
    try:
        return json.loads(index.read_text())["meta"]
    except (ValueError, KeyError):
        return None
