"""What the service knows, on disk: one JSON file a record, so that a restart, or a kill, loses nothing that was
said.
"""

import json
import os
import threading
from pathlib import Path
from urllib.parse import quote, unquote


class Records:
    """Records of one kind by name. Values are JSON; times are seconds since 1970. Safe to use from many threads.

    A record that is handed out is a copy: change it with `update`, which writes before it returns.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._records = {unquote(path.stem): json.loads(path.read_text()) for path in folder.glob("*.json")}

    def get(self, name: str) -> dict | None:
        with self._lock:
            record = self._records.get(name)
            return None if record is None else json.loads(json.dumps(record))

    def all(self) -> list[dict]:
        with self._lock:
            return json.loads(json.dumps(list(self._records.values())))

    def names(self) -> list[str]:
        with self._lock:
            return sorted(self._records)

    def create(self, name: str, record: dict) -> bool:
        """False, and nothing written, when the name is taken."""
        with self._lock:
            if name in self._records:
                return False
            self._write(name, record)
            return True

    def update(self, name: str, **changes) -> dict:
        """Set fields of a record; a value of None removes its field. Raises KeyError when there is no such record."""
        with self._lock:
            record = {**self._records[name], **changes}
            self._write(name, {field: value for field, value in record.items() if value is not None})
            return self.get(name)

    def delete(self, name: str) -> bool:
        with self._lock:
            if self._records.pop(name, None) is None:
                return False
            self._path(name).unlink(missing_ok=True)
            return True

    def _write(self, name: str, record: dict) -> None:
        text = json.dumps(record)
        unfinished = self._path(name).with_suffix(".unfinished")
        unfinished.write_text(text)
        os.replace(unfinished, self._path(name))
        self._records[name] = json.loads(text)

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.json"


class State:
    """All kinds of records under one folder."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._kinds: dict[str, Records] = {}
        self._lock = threading.Lock()

    def records(self, kind: str) -> Records:
        with self._lock:
            if kind not in self._kinds:
                self._kinds[kind] = Records(self._folder / kind)
            return self._kinds[kind]
