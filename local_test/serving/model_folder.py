"""Folders on this machine that containers get as /opt/ml/model, one for all containers of the same model data."""

import hashlib
import shutil
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_test.serving.model_archive import unpack
from local_test.serving.model_source import ModelFile, ModelSource, find_files, model_source
from local_test.storage.laid_out import FOLDER_MODE, link_or_copy, make_folders
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore


@dataclass
class _Shared:
    users: int = 0
    path: Path | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class ModelFolders:
    """Folders below `folder`, which is emptied at the start: what a killed service left there has no user any more.

    A container may serve as any user: folders and unpacked files are readable by all.
    """

    def __init__(self, objects: ObjectStore, files: LocalFiles, folder: Path):
        self._objects, self._files, self._folder = objects, files, folder
        self._lock = threading.Lock()
        self._shared: dict[str, _Shared] = {}
        shutil.rmtree(folder, ignore_errors=True)

    def take(self, container: dict[str, Any]) -> "ModelFolder":
        """The folder of a ContainerDefinition's model data, laid out when nobody has it yet. Give it back with
        `release`.

        Of a multi-model container: an empty folder of its own, for the models that it loads one by one.
        Raises ValueError when the data is not there or is not what it is said to be.
        """
        source = model_source(container)
        if source is None:
            return ModelFolder(self, "", None)
        if container.get("Mode") == "MultiModel":
            return self._empty()
        files = find_files(self._objects, self._files, source)
        key = _key(source, files)
        with self._lock:
            shared = self._shared.setdefault(key, _Shared())
            shared.users += 1
        try:
            with shared.lock:
                if shared.path is None:
                    shared.path = self._lay_out(source, files)
        except BaseException:
            self._give_back(key)
            raise
        return ModelFolder(self, key, shared.path)

    def _empty(self) -> "ModelFolder":
        folder = self._folder / uuid.uuid4().hex
        make_folders(folder)
        with self._lock:
            self._shared[folder.name] = _Shared(users=1, path=folder)
        return ModelFolder(self, folder.name, folder)

    def _lay_out(self, source: ModelSource, files: list[ModelFile]) -> Path:
        folder = self._folder / uuid.uuid4().hex
        lay_out(source, files, folder)
        return folder

    def _give_back(self, key: str) -> None:
        with self._lock:
            shared = self._shared[key]
            shared.users -= 1
            if shared.users:
                return
            del self._shared[key]
        if shared.path:
            shutil.rmtree(shared.path, ignore_errors=True)


class ModelFolder:
    """path: on this machine, None for a model that is in the image."""

    def __init__(self, folders: ModelFolders, key: str, path: Path | None):
        self._folders, self._key, self.path = folders, key, path

    def release(self) -> None:
        """Its user ended. May be called again."""
        key, self._key = self._key, ""
        if key:
            self._folders._give_back(key)


def lay_out(source: ModelSource, files: list[ModelFile], folder: Path) -> None:
    """Make the folder and what is in it. Raises ValueError; then it is not there."""
    try:
        if source.packed:
            unpack(files[0].path, folder, source.uri)
        else:
            folder.mkdir(parents=True)
            folder.chmod(FOLDER_MODE)
            for file in files:
                make_folders((folder / file.name).parent)
                link_or_copy(file.path, folder / file.name)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ValueError(f"The model data at {source.uri} could not be laid out: {error}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _key(source: ModelSource, files: list[ModelFile]) -> str:
    """Equal for equal data only: a model that was trained anew under the old URI gets a folder of its own."""
    said = repr((source, [(file.name, file.mark) for file in files]))
    return hashlib.sha256(said.encode()).hexdigest()
