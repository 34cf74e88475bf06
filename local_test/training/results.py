"""What the containers of a job left, packed and stored as the platform does it: model.tar.gz and output.tar.gz.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from local_test.host.archives import folder_of, pack
from local_test.storage.destination import Destination
from local_test.training import opt_ml


class Results:
    """The results of one job, whose containers have ended and are still there."""

    def __init__(self, request: dict[str, Any], destination: Destination):
        self._request, self._destination = request, destination

    def store_model(self, containers: list[Container]) -> None:
        """/opt/ml/model of all hosts, merged; an archive also when it is empty. Raises ValueError for what `folder_of`
        refuses.
        """
        self._store(containers, opt_ml.MODEL, "model", even_empty=True)

    def store_output_data(self, containers: list[Container]) -> None:
        """/opt/ml/output/data of all hosts, merged, if there is anything. Raises ValueError as `store_model`."""
        self._store(containers, opt_ml.OUTPUT_DATA, "output", even_empty=False)

    def _store(self, containers: list[Container], folder: str, name: str, even_empty: bool) -> None:
        if self._request["OutputDataConfig"].get("CompressionType") == "NONE":
            self._store_files(containers, folder, name)
            return
        archive = self._spooled()
        try:
            if pack(containers, folder, archive) or even_empty:
                self._destination.put(opt_ml.output_uri(self._request), f"{name}.tar.gz", archive, "application/x-tar")
        finally:
            archive.unlink(missing_ok=True)

    def _store_files(self, containers: list[Container], folder: str, name: str) -> None:
        # Later containers first: of a file that several have, the first container's counts, as in an archive.
        for container in reversed(containers):
            with folder_of(container, folder) as members:
                for member, content in members:
                    if content is not None:
                        path = self._spooled()
                        try:
                            with path.open("wb") as file:
                                shutil.copyfileobj(content, file, 1024 * 1024)
                            self._destination.put(opt_ml.output_uri(self._request), f"{name}/{member.name}", path)
                        finally:
                            path.unlink(missing_ok=True)

    def _spooled(self) -> Path:
        with tempfile.NamedTemporaryFile(dir=self._destination.spool, delete=False) as file:
            return Path(file.name)
