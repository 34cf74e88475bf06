"""The SQLite file of the records: its schema and version, and what becomes of one that is damaged.

Sources: https://www.sqlite.org/wal.html, https://www.sqlite.org/rescode.html
"""

import errno
import json
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1  # PRAGMA user_version; 0 is a new file
SCHEMA = """
CREATE TABLE records (
    id INTEGER PRIMARY KEY,  -- the order of creation
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,     -- a JSON object
    UNIQUE (kind, name)
)
"""
SECONDS_TO_WAIT = 30  # for another process that reads or writes the file
ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}
logger = logging.getLogger(__name__)


def open_database(path: Path) -> sqlite3.Connection:
    """The file's connection, for many threads that take turns. It is made when there is none.

    Raises ValueError, a message, for a file that is no database or a newer version's, and OSError.
    """
    connection = _connected(path)
    readable, unreadable = _examined(connection, path)
    if not unreadable:
        return connection
    connection.close()
    kept = _replaced(path, readable)
    for kind, name, why in unreadable:
        logger.error("The %s record %s cannot be read (%s) and is left out. %s has it.", kind, name, why, kept)
    return _connected(path)


@contextmanager
def errors_of_the_disk(path: Path) -> Iterator[None]:
    """SQLite's errors as OSError, as whoever writes a file expects them."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest of it says more exactly where
        raise OSError(ERRNO.get(code, errno.EIO), f"{error}", str(path)) from error


def _connected(path: Path) -> sqlite3.Connection:
    with errors_of_the_disk(path):
        connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
    try:
        with errors_of_the_disk(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    with _damage_said(path):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise ValueError(
            f"{path} has records of a newer version of the local SageMaker (schema {version}; this one knows "
            f"{SCHEMA_VERSION}). Use that version, or another folder."
        )
    # What was committed outlives the process at once; a loss of power may cost the last of it, never the file.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(SCHEMA)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")


def _examined(connection: sqlite3.Connection, path: Path) -> tuple[list[tuple[Any, ...]], list[tuple[str, str, str]]]:
    """Readable records: id, kind, name, value. Unreadable ones: kind, name, why.

    Names come from the index, which is apart from the values: a damaged page costs the records on it.
    """
    readable, unreadable = [], []
    with errors_of_the_disk(path), _damage_said(path):
        names = connection.execute("SELECT kind, name FROM records ORDER BY kind, name").fetchall()
    for kind, name in names:
        try:
            row = connection.execute(
                "SELECT id, kind, name, value FROM records WHERE kind = ? AND name = ?", (kind, name)
            ).fetchone()
            if not isinstance(json.loads(row[3]), dict):
                raise ValueError("it is no JSON object")
            readable.append(row)
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            unreadable.append((kind, name, str(error)))
    return readable, unreadable


@contextmanager
def _damage_said(path: Path) -> Iterator[None]:
    """Damage that is not of single records. Raises ValueError, a message."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise
        raise ValueError(
            f"The records of jobs, models and endpoints cannot be read: {error} ({path}). Put a copy of that file "
            "back, or move it away to start without them."
        ) from error


def _replaced(path: Path, readable: list[tuple[Any, ...]]) -> Path:
    """Put a database of these records in the place of the damaged one, which is kept beside it; returns its path."""
    rebuilt = path.with_suffix(".rebuilt")
    rebuilt.unlink(missing_ok=True)
    connection = _connected(rebuilt)
    try:
        with errors_of_the_disk(rebuilt):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO records (id, kind, name, value) VALUES (?, ?, ?, ?)", readable)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = DELETE")  # all of it in one file, on the disk
    finally:
        connection.close()
    kept = path.with_suffix(f".damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    os.link(path, kept)
    for ending in ("-wal", "-shm"):  # of a damaged file SQLite may not have put all in one; they are not the new one's
        if (beside := path.with_name(path.name + ending)).exists():
            beside.rename(kept.with_name(kept.name + ending))
    os.replace(rebuilt, path)
    return kept
