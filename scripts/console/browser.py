"""Show a page of this machine in the user's browser."""

import os
import sys
import webbrowser
from pathlib import Path


def show_in_browser(page: Path) -> None:
    """Open it where a window could be seen; elsewhere nothing happens."""
    if has_display():
        webbrowser.open(page.absolute().as_uri())


def has_display() -> bool:
    """Whether a browser window could be seen by whoever runs this."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
