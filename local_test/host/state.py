"""What the service knows, on disk: records in one SQLite database, so that a restart, or a kill, loses nothing that was
said.
"""

import json
import logging
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from local_test.host.json_records import json_records, set_aside
from local_test.host.record_database import errors_of_the_disk, open_database

FILE = "records.sqlite3"
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
        if earlier := json_records(folder):
            with self.transaction() as connection:
                connection.executemany(
                    "INSERT INTO records (kind, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", earlier
                )
            self.rows("PRAGMA wal_checkpoint(FULL)")  # on the disk, before the files are not read any more
        set_aside(folder)

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
