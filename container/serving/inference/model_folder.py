"""A model's unpacked archive: the user's code in it, and which model it is, as a digest of all of it.

Of the code: whether it is where it is looked for, what it wants installed, and the path it is imported from.

https://docs.aws.amazon.com/sagemaker/latest/dg/adapt-inference-container.html; `code/lib` is where SageMaker's SDK puts
`dependencies=`."""

import contextlib
import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

DEFAULT_PROGRAM = "inference.py"
DEPTH = 3  # folders of an archive in which a program may have been put by mistake
MOST_LOOKED_AT, MOST_NAMED = 10_000, 20  # files of an archive
MOST_SAID = 700  # characters of an error
HASHED_ENDS = 1024 * 1024  # bytes that are read at both ends of a file; reading gigabytes would delay the start
VERSION_DIGITS = 12


class WrongCode(ValueError):
    """The user's program is not where it is looked for; the message says where it was, and what is there."""


def import_path(folder: Path) -> list[str]:
    """Folders that come before everything else on sys.path for the model of `folder`."""
    return [f"{folder}/code", f"{folder}/code/lib"]


def check_program(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Whether the program that is meant to answer for the model of `folder` can be imported.

    Returns a warning where Python files lie there that nothing imports. Raises WrongCode where SAGEMAKER_PROGRAM names
    a file that is not there, or inference.py is in another folder: this image's own functions would answer in its
    place."""
    named = environment.get("SAGEMAKER_PROGRAM", "").strip()
    module = (named or DEFAULT_PROGRAM).removesuffix(".py")
    if _importable(module, folder):
        return None
    files = _files(folder)
    said = (
        f"code/{module}.py{', which SAGEMAKER_PROGRAM names,' if named else ''} was not found; the archive has: "
        f"{_listed(files)}."
    )
    if named:
        raise WrongCode(f"{said} SAGEMAKER_PROGRAM is the name of a file in the archive's folder code.")
    if any(Path(one).name.lower() == DEFAULT_PROGRAM for one in files):
        raise WrongCode(f"{said} Put inference.py into the archive's folder code.")
    if any(one.startswith("code/") and one.endswith(".py") and one.count("/") == 1 for one in files):
        return f"{said} This image's own functions answer; name your file in SAGEMAKER_PROGRAM if it is to answer."
    return None


def install_requirements(folder: Path) -> None:
    """The user's code/requirements.txt, as the toolkit installs it (CodeArtifact included). Paths in it are relative to
    it.

    Raises WrongCode when pip fails.
    """
    code = folder / "code"
    if not (code / "requirements.txt").is_file():
        return
    from container.serving.inference.inference_toolkit import pip_install  # imports what only this needs before torch

    try:
        with contextlib.chdir(code):
            pip_install()
    except ValueError as error:  # the toolkit's names neither the file nor the package
        raise WrongCode(
            f"pip could not install {code}/requirements.txt; what it said is above. A container without a network "
            "reaches no package index: put such packages into code/lib."
        ) from error
    importlib.invalidate_caches()


def use_code(folder: Path) -> None:
    """Import from the model's folder from now on, in a process that serves this model alone."""
    sys.path[:0] = import_path(folder)


def error_in_code(error: BaseException, folder: Path) -> str:
    """What ended the loading of a model, in one line: type, message, and the last line of the model's own code that it
    went through: `ValueError: bad shape (code/inference.py, line 3, in model_fn)`.
    """
    said = " ".join(str(error).split())
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(f"{folder}/")]
    where = ""
    if frames:
        last = frames[-1]
        where = f" ({Path(last.filename).relative_to(folder)}, line {last.lineno}, in {last.name})"
    return f"{type(error).__name__}{said and ': '}{said[:MOST_SAID]}{where}"


def model_version(folder: Path) -> str:
    """Which model answers, for a response header: twelve hexadecimal digits of SHA-256 over every file's path, size,
    first and last megabyte.

    The train image's model file begins with its description and ends with weights, so two trainings differ in both.
    """
    digest = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder)} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(HASHED_ENDS))
            file.seek(max(0, size - HASHED_ENDS))
            digest.update(file.read(HASHED_ENDS))
    return digest.hexdigest()[:VERSION_DIGITS]


def _importable(module: str, folder: Path) -> bool:
    """In the archive, or, for an image that is made from this one, on its own path."""
    if "/" in module:
        return False
    inside = module.replace(".", "/")
    places = [Path(place) / name for place in import_path(folder) for name in (f"{inside}.py", f"{inside}/__init__.py")]
    if any(place.is_file() for place in places):
        return True
    return "." not in module and importlib.util.find_spec(module) is not None


def _files(folder: Path) -> list[str]:
    """Relative paths of what is in the archive, Python files first; of `code/lib`, which holds packages, nothing."""
    found = sorted(_walk(folder))
    return sorted(found, key=lambda one: not one.endswith(".py"))


def _walk(folder: Path) -> Iterator[str]:
    count = 0
    for parent, folders, files in os.walk(folder):
        here = Path(parent).relative_to(folder)
        if len(here.parts) >= DEPTH - 1:
            folders.clear()
        folders[:] = [one for one in folders if (here / one).as_posix() != "code/lib" and one != "__pycache__"]
        for name in files:
            count += 1
            if count > MOST_LOOKED_AT:
                return
            yield (here / name).as_posix()


def _listed(files: list[str]) -> str:
    if not files:
        return "nothing"
    more = len(files) - MOST_NAMED
    return ", ".join(files[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
