"""Print lines for the shell of build.sh: they export the proxies that the steps of a build get, which are those that
containers of the local SageMaker get, and add to `flags` the names of the build arguments.

Values are in the environment alone: a process list shows no password.
"""

import os
import shlex

from local_test.host.container_proxies import build_arguments
from local_test.interception.variables import before


def lines(arguments: dict[str, str]) -> list[str]:
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in arguments.items()),
        *(f'flags="$flags --build-arg={name}"' for name in arguments),
    ]


if __name__ == "__main__":
    print("\n".join(lines(build_arguments(before(os.environ)))))
