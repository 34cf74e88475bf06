"""`python3 base_age.py IMAGE`: print which base image the build uses and how old it is, with a warning when it is too
old.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime

MOST_DAYS = 30  # Debian publishes a base image about once a month
RENEW = "`make renew-base` takes today's security fixes"


def sentence(image: str, created: str, now: datetime) -> str:
    """One sentence, two when the base is too old.

    Args:
        image: as the build names it.
        created: as the engine reports it, UTC, `2026-11-29T22:22:46.759Z`; empty where it has no such image.
        now: the present time.
    """
    name = re.sub(r"^debian@", "debian:bookworm-slim@", image)
    if not created:
        return f"Base: {name}, which is not on this machine yet. {RENEW}."
    made = datetime.fromisoformat(created[:19]).replace(tzinfo=UTC)
    days = (now - made).days
    if made.year < 2000:  # a builder that writes no times
        return f"Base: {name}, of unknown age; {RENEW}."
    said = f"Base: {name}, {days} day{'' if days == 1 else 's'} old; {RENEW}."
    if days > MOST_DAYS:
        said += (
            f"\nwarning: The base is more than {MOST_DAYS} days old, and security fixes since then are missing: "
            f"run `make renew-base build`."
        )
    return said


def created(image: str) -> str:
    """When the image was made, as the engine reports it; empty where it has no such image."""
    done = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Created}}", image], capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    print(sentence(sys.argv[1], created(sys.argv[1]), datetime.now(UTC)))
