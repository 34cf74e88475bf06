"""Records of earlier versions, a JSON file each (`training-job/a%2Fb.json`): they are taken over once, and kept.

What was taken over, and what could not be read, lies in the folder `as-json-files` afterwards, where nothing reads it.
"""

import json
import logging
from itertools import count
from pathlib import Path
from urllib.parse import unquote

ASIDE = "as-json-files"
logger = logging.getLogger(__name__)


def json_records(folder: Path) -> list[tuple[str, str, str]]:
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


def set_aside(folder: Path) -> None:
    """Call it when the records are written down elsewhere. Raises OSError."""
    for kind in _kinds(folder):
        (folder / ASIDE).mkdir(exist_ok=True)
        names = (f"{kind.name}{number or ''}" for number in count())
        kind.rename(next(aside for name in names if not (aside := folder / ASIDE / name).exists()))


def _kinds(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != ASIDE)
