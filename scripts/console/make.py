"""make and the programs that it runs: what it was given become their arguments, and their messages name its targets.

`python -m scripts.console.make MODULE [--path NAME | --value NAME | --words NAME | --text WORD]...` runs a program with
what make was given. make hands its variables over in the environment, and they become arguments here: no shell reads
them, so that a file's name that holds `;`, `$(...)` or backquotes is a file's name and nothing else. NAME: a variable.
--path: one file or folder; --value: one word; --words: several, separated by spaces, with quotes as a shell has them
(`"'a b' c"`), but nothing is expanded. --text: a word as it stands here."""

import os
import shlex
import sys
from collections.abc import Mapping

# Of a project of the user's own (scripts/new_project.py): paths are relative to it, and results go into its out/.
PROJECT_FOLDER = "SAGEMAKER_PROJECT_FOLDER"
# Who runs these programs under other names says so: `make local-push` runs push, and its hints say `make local-train`.
VERB_PREFIX = "MAKE_VERB_PREFIX"


def make(verb: str) -> str:
    """`push` -> `make push`, with the prefix of the targets that this shell uses."""
    return f"make {os.environ.get(VERB_PREFIX, '')}{verb}"


def arguments(options: list[str], environment: Mapping[str, str]) -> list[str]:
    """`["--path", "PICTURE", "--words", "ARGS"]` -> the words, in this order; an empty variable gives none.

    Raises ValueError with a sentence for words whose quotes do not close.
    """
    found = []
    for kind, name in zip(options[::2], options[1::2], strict=True):
        given = environment.get(name, "")
        if kind == "--text":
            found.append(name)
        elif kind == "--words":
            found += _words(name, given)
        elif kind == "--path":
            found += (
                [f"./{given}" if given.startswith("-") else given] if given else []
            )  # or it would be taken for an option
        elif kind == "--value":
            found += [given] if given else []
        else:
            raise ValueError(f"{kind} is not known: --path, --value, --words or --text.")
    return found


def _words(name: str, given: str) -> list[str]:
    try:
        return shlex.split(given)
    except ValueError as error:
        raise ValueError(
            f"{name}={given} cannot be split into words ({error}). Close the quotes, or write \\ before one."
        ) from None


def enter_project(environment: Mapping[str, str]) -> dict[str, str]:
    """Make the project's folder the working one, if there is a project. Returns the environment in which this
    checkout's programs are found from there, and nothing of that folder's own is taken for one of them.

    Raises ValueError with a sentence for a folder that is not there.
    """
    folder = environment.get(PROJECT_FOLDER)
    if not folder:
        return dict(environment)
    paths = [os.getcwd(), *filter(None, [environment.get("PYTHONPATH")])]
    try:
        os.chdir(folder)
    except OSError as error:
        raise ValueError(
            f"{PROJECT_FOLDER}={folder}: {error.strerror}. Unset it, or name the project's folder."
        ) from None
    return {**environment, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


if __name__ == "__main__":
    try:
        words = arguments(sys.argv[2:], os.environ)
        program_environment = enter_project(os.environ)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)  # as for options that argparse does not understand
    # In the place of this process: the program has the terminal, the signals and the status for itself.
    os.execve(sys.executable, [sys.executable, "-m", sys.argv[1], *words], program_environment)
