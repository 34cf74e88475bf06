"""What a class folder is called as a class: `001.Affenpinscher` -> `Affenpinscher`.

The number and its dot are taken off only where every class folder is a number, a dot and a name that does not begin
with a digit: `1.25 mm`, `2023.01` and `0.5` are names. Unicode has two forms of `é` that look the same, and systems
differ in which one they write: a class has the composed form, NFC (https://unicode.org/reports/tr15/).
"""

import re
import unicodedata
from collections.abc import Collection

_NUMBER = re.compile(r"\d+\.(?=\D)")


def class_names(folders: Collection[str]) -> dict[str, str]:
    """The class of each class folder of a data set. All of them are given, since together they decide."""
    names = {folder: composed(folder) for folder in folders}
    if all(map(_NUMBER.match, names.values())):
        return {folder: _NUMBER.sub("", name, count=1) for folder, name in names.items()}
    return names


def class_among(folder: str, classes: Collection[str]) -> str:
    """The class of a folder of valid or test. It need not be one of `classes`, which are those of train."""
    name = composed(folder)
    return name if name in classes else _NUMBER.sub("", name, count=1)


def partly_numbered(folders: Collection[str]) -> tuple[str, str] | None:
    """A class folder with a number before its name and one without, where both are among `folders`: then the numbers
    are parts of the class names, which is seldom meant.
    """
    numbered = [folder for folder in folders if _NUMBER.match(folder)]
    others = [folder for folder in folders if not _NUMBER.match(folder)]
    return (numbered[0], others[0]) if numbered and others else None


def composed(folder: str) -> str:
    """The form of a name that all systems agree on: names that look the same are the same."""
    return unicodedata.normalize("NFC", folder)
