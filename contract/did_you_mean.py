"""The hint at the end of a message about an unknown name."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean batch-size?`, or the known names when none is similar."""
    names = {one.lower(): one for one in known}
    similar = difflib.get_close_matches(name.lower(), names, n=1)
    return f"Did you mean {names[similar[0]]}?" if similar else f"The known ones are: {', '.join(names.values())}."
