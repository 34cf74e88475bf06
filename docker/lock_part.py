"""`python3 lock_part.py PATTERN LOCK`: print the entries of a lock file whose package names match a pattern.

One lock file can so fill several layers of an image. Raises SystemExit when nothing matches.
"""

import re
import sys


def entries(lock: str) -> list[str]:
    """Each package with its version and hashes, as it stands in the file."""
    return re.split(r"\n(?=[A-Za-z0-9])", lock.strip())


def matching(lock: str, pattern: str) -> list[str]:
    return [entry for entry in entries(lock) if re.fullmatch(pattern, entry.split("==")[0])]


if __name__ == "__main__":
    pattern, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        found = matching(file.read(), pattern)
    print("\n".join(found) if found else sys.exit(f"No package of {path} matches {pattern}."))
