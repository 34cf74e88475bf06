"""`python -m local_test.clean`: remove every container that this package started, by label."""

import sys

from docker import DockerClient

from local_test.engine import NoEngine, connect
from local_test.labels import NAME, find


def remove_all(client: DockerClient) -> list[str]:
    """Stop and remove every container of this package, whoever started it. Returns their names by label."""
    containers = find(client)
    for container in containers:
        container.remove(force=True, v=True)
    return [container.labels[NAME] for container in containers]


if __name__ == "__main__":
    try:
        for name in remove_all(connect()):
            print(f"removed {name}")
    except (NoEngine, OSError) as error:
        print(f"error: nothing more was removed: {error}", file=sys.stderr)
        sys.exit(1)
