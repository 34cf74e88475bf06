"""A check of the library internals that this program uses: names that are not public API may go with any upgrade.

Each library's internals are imported in one file, inside `internals_of`, so that an upgrade which moved them ends that
import with one sentence instead of a request, or an hour of training, with an AttributeError.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType

from container.runtime.failure import TrainingFailure


class IncompatibleLibrary(ImportError, TrainingFailure):
    """An installed version of a library has not the internals that this program uses; the message says what to do."""


@contextmanager
def internals_of(distribution: str, lock_file: str, user: str) -> Iterator[None]:
    """Around imports, and the checks below, of a library's internals.

    Args:
        distribution: the library's name on PyPI.
        lock_file: where the version is pinned that they were written against.
        user: the file that uses them.

    Raises IncompatibleLibrary for an ImportError or AttributeError inside.
    """
    try:
        yield
    except (ImportError, AttributeError) as error:
        import importlib.metadata  # takes a while, which only a failure waits for

        try:
            version = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            raise error from None  # a library that is not installed is another fault, and the message names it
        raise IncompatibleLibrary(
            f"{distribution} {version} no longer has what {user} uses ({error}). Install the version that {lock_file} "
            f"pins, or adapt {user}."
        ) from error


def require_attributes(owner: object, *names: str) -> None:
    """Raises AttributeError where a class, an object or a module lacks one of `names`.

    A class has also what its __init__, or one that it inherits, names: the attributes of its instances."""
    bases = owner.__mro__ if isinstance(owner, type) else ()
    made = {name for base in bases if inspect.isfunction(init := vars(base).get("__init__")) for name in _names(init)}
    for name in names:
        if not hasattr(owner, name) and name not in made:
            raise AttributeError(f"{getattr(owner, '__name__', type(owner).__name__)} has no attribute {name}")


def require_parameters(function: Callable[..., object], *names: str) -> None:
    """Raises AttributeError where a function's parameters, or those of a class, are not `names` in this order."""
    found = tuple(inspect.signature(function).parameters)
    if found != names:
        raise AttributeError(f"{function.__qualname__} takes ({', '.join(found)}), not ({', '.join(names)})")


def _names(function: FunctionType) -> tuple[str, ...]:
    """The globals and attributes that a function's code names."""
    return function.__code__.co_names
