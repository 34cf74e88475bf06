"""What the service knows, on disk: records in one SQLite database, so that a restart, or a kill, loses nothing that was
said.

Records of earlier versions, a JSON file each (`training-job/a%2Fb.json`), are taken over once, and kept: they, and what
could not be read, lie in the folder `as-json-files` afterwards, where nothing reads it.
"""

import json
import logging
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from local_test.host.record_database import errors_of_the_disk, open_database

FILE = "records.sqlite3"
ASIDE = "as-json-files"
SECONDS_BETWEEN_ATTEMPTS = 5.0  # to write to a full disk
Written = TypeVar("Written")
logger = logging.getLogger(__name__)


class State:
    """All kinds of records under one folder. Safe to use from many threads."""

    def __init__(self, folder: Path):
        """A record that cannot be read is named in the log and left out.

        Raises ValueError, a message, for a database that is none or a newer version's, and OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._path = folder / FILE
        self._connection = open_database(self._path)
        weakref.finalize(self, self._connection.close)
        self._take_over(folder)

    def _take_over(self, folder: Path) -> None:
        """What an earlier version left, once. A kill between two of these steps is made good by the next start."""
        if earlier := _json_records(folder):
            with self.transaction() as connection:
                connection.executemany(
                    "INSERT INTO records (kind, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", earlier
                )
            self.rows("PRAGMA wal_checkpoint(FULL)")  # on the disk, before the files are not read any more
        _set_aside(folder)

    def records(self, kind: str) -> "Records":
        return Records(self, kind)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is written inside, or none of it. Raises OSError when it cannot be written: on a full disk."""
        with self._lock, errors_of_the_disk(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends it itself when the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Raises OSError when they cannot be read."""
        with self._lock, errors_of_the_disk(self._path):
            return self._connection.execute(query, values).fetchall()


class Records:
    """Records of one kind by name. Values are JSON; times are seconds since 1970. Safe to use from many threads.

    A record that is handed out is a copy: change it with `update`, which writes before it returns. Everything raises
    OSError when the disk does not do its part.
    """

    def __init__(self, state: State, kind: str):
        self._state, self._kind = state, kind

    def get(self, name: str) -> dict[str, Any] | None:
        rows = self._state.rows("SELECT value FROM records WHERE kind = ? AND name = ?", self._kind, name)
        return json.loads(rows[0][0]) if rows else None

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Raises KeyError when there is none."""
        record = self.get(name)
        if record is None:
            raise KeyError(name)
        return record

    def all(self) -> list[dict[str, Any]]:
        """In the order in which they were created."""
        rows = self._state.rows("SELECT value FROM records WHERE kind = ? ORDER BY id", self._kind)
        return [json.loads(value) for (value,) in rows]

    def names(self) -> list[str]:
        rows = self._state.rows("SELECT name FROM records WHERE kind = ? ORDER BY name", self._kind)
        return [name for (name,) in rows]

    def create(self, name: str, record: dict[str, Any]) -> bool:
        """False, and nothing written, when the name is taken."""
        with self._state.transaction() as connection:
            done = connection.execute(
                "INSERT INTO records (kind, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (self._kind, name, json.dumps(record)),
            )
            return done.rowcount == 1

    def update(self, name: str, **changes: Any) -> dict[str, Any]:
        """Set fields of a record; a value of None removes its field. Raises KeyError when there is no such record."""
        with self._state.transaction() as connection:
            record = {field: value for field, value in {**self[name], **changes}.items() if value is not None}
            text = json.dumps(record)
            connection.execute("UPDATE records SET value = ? WHERE kind = ? AND name = ?", (text, self._kind, name))
        return json.loads(text)

    def delete(self, name: str) -> bool:
        with self._state.transaction() as connection:
            done = connection.execute("DELETE FROM records WHERE kind = ? AND name = ?", (self._kind, name))
            return done.rowcount == 1


def retry_until_written(write: Callable[[], Written], gives_up: Callable[[float], bool], what: str) -> Written | None:
    """What `write` returns. On a full disk it is tried again and again; None when it was given up.

    Args:
        write: raises OSError when it cannot.
        gives_up: waits for the seconds that it gets, and returns whether to try no more.
        what: for the service's log, a clause such as `training job a is Completed`.
    """
    while True:
        try:
            return write()
        except OSError:
            logger.exception("%s, which cannot be written down", what)
        if gives_up(SECONDS_BETWEEN_ATTEMPTS):
            return None


def _json_records(folder: Path) -> list[tuple[str, str, str]]:
    """Kind, name and JSON of every file; one that cannot be read is named in the log and left out."""
    found = []
    for kind in _kinds(folder):
        for path in sorted(kind.glob("*.json")):
            try:
                record = json.loads(path.read_text())
                if not isinstance(record, dict):
                    raise ValueError("it is no JSON object")
            except (ValueError, OSError) as error:
                logger.error(
                    "The %s record %s cannot be read (%s) and is left out. Its file is in %s.",
                    kind.name,
                    unquote(path.stem),
                    error,
                    folder / ASIDE,
                )
                continue
            found.append((kind.name, unquote(path.stem), json.dumps(record)))
    return found


def _set_aside(folder: Path) -> None:
    """Call it when the records are written down elsewhere. Raises OSError."""
    for kind in _kinds(folder):
        (folder / ASIDE).mkdir(exist_ok=True)
        names = (f"{kind.name}{number or ''}" for number in count())
        kind.rename(next(aside for name in names if not (aside := folder / ASIDE / name).exists()))


def _kinds(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != ASIDE)
