"""Picture files on this machine, and predictions as lines of text."""

import json
import sys
from pathlib import Path
from typing import Any

from contract.data_files import find_files, hidden_note, is_picture_file
from contract.picture_formats import TAKEN, pictures_not_taken
from scripts.console.failure import Failure


def find_pictures(paths: list[Path]) -> list[Path]:
    """The files that are named, and every picture under the folders that are named; links are followed, hidden folders
    left out. Raises Failure when one is missing.
    """
    found = []
    for path in paths:
        if path.is_dir():
            below = find_files(path)
            for note in hidden_note(below.hidden):
                print(f"note: {path} has {note}", file=sys.stderr)
            files = [path / name for name in below.names]
            inside = [one for one in files if is_picture_file(one)]
            if not inside:
                others = pictures_not_taken(one.name for one in files)
                raise Failure(f"{path} holds no pictures in {TAKEN}" + (f", only {others}." if others else "."))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise Failure(f"{path} is not there. Name a picture or a folder of pictures.")
    return found


def answer(body: bytes) -> object:
    """A model's answer: what its JSON means, or its text, since a user's own output_fn may answer anything."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def prediction_lines(said: Any) -> list[str]:
    """`93.10%  Beagle` for each class that the answer names, best first; any other answer as it is.

    Where the endpoint's threshold leaves the answer without a label, the first line is `31.00%  unknown (Beagle)`.
    """
    try:
        lines = [f"{one['probability']:7.2%}  {one['label']}" for one in said["predictions"]]
        if lines and said.get("label", "") is None:
            best = said["predictions"][0]
            lines[0] = f"{best['probability']:7.2%}  unknown ({best['label']})"
        return lines
    except (AttributeError, KeyError, TypeError, ValueError):
        return [said if isinstance(said, str) else json.dumps(said)]


def picture_line(picture: str, said: object) -> str:
    """The best class of one picture among several: ` 93.10%  Beagle  dogs/a.jpg`."""
    lines = prediction_lines(said)
    return f"{lines[0] if lines else 'no class'}  {picture}"
