"""Print this machine's pip settings as a pip.conf for a build: indexes and timeouts, nothing local.

Settings that name files of this machine (`cert`, `find-links`, `file://` indexes) mean nothing in a build; the CA
bundle is a secret of its own.
"""

import ast
import subprocess
import sys

# A test looks for these words in every layer of the images.
MARK = "# A build secret: must not be in any layer"
KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries")


def settings_file(listed: str) -> str:
    """What `pip config list` prints -> a pip.conf. Later lines win, as they do in pip (environment over files)."""
    kept = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        key = name.rsplit(".", 1)[-1]
        words = [word for word in str(ast.literal_eval(value)).split() if not word.startswith(("file:", "/"))]
        if key in KEPT and words and name.startswith(("global.", "install.", "wheel.", ":env:.")):
            kept[key] = " ".join(words)
    return "\n".join([MARK, "[global]", *(f"{key} = {value}" for key, value in kept.items()), ""])


if __name__ == "__main__":
    listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    # A machine without pip has no settings to hand on.
    print(settings_file(listing.stdout if listing.returncode == 0 else ""), end="")
