"""The outputs of a processing job: folders of its containers, stored while it runs or at its end.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingS3Output.html
"""

from contextlib import ExitStack
from typing import Any

from local_test.processing import opt_ml
from local_test.storage.destination import Destination
from local_test.training.node import Node
from local_test.training.synced_folder import SyncedFolder


class Outputs:
    """Of one job, whose containers are there until `cleanup` ends."""

    def __init__(self, record: dict[str, Any], nodes: list[Node], destination: Destination, cleanup: ExitStack):
        self._continuous: list[SyncedFolder] = []
        self._at_the_end: list[SyncedFolder] = []
        for node in nodes:
            for element in opt_ml.uploads(record):
                target = element["S3Output"]
                folder = SyncedFolder(node.container, opt_ml.folder_of(element), target["S3Uri"], destination)
                if target["S3UploadMode"] == "Continuous":
                    self._continuous.append(folder)
                    cleanup.callback(folder.abandon)
                else:
                    self._at_the_end.append(folder)

    def start(self) -> None:
        """The containers run: what is new in the Continuous outputs is stored from now on."""
        for folder in self._continuous:
            folder.start()

    def store(self, completed: bool) -> str | None:
        """The containers have ended: store their last state, of EndOfJob outputs only where the job is `completed`: of
        one that failed or ran out of time the platform stores none (seen in others' reports, not documented).

        Returns the first message about a file that cannot be stored where it should; the others are stored."""
        problems = []
        for folder in [*self._continuous, *(self._at_the_end if completed else [])]:
            try:
                folder.close()
            except ValueError as error:
                problems.append(str(error))
        return problems[0] if problems else None
