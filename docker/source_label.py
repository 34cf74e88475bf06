"""`python3 source_label.py REMOTE_URL`: print the repository's address for the image's label `source`, without
credentials.

A remote's URL may hold a password or a token, and whoever can pull an image can read its labels.
"""

import re
import sys

UNKNOWN = "unknown"
HOST_AND_PORT = r"\[[0-9a-fA-F:.]+\](:\d+)?|[^:@]*(:\d*)?"


def without_credentials(url: str) -> str:
    """`https://user:password@host/path?token=x#y` -> `https://host/path`; `git@host:path` -> `host:path`; a folder as
    it is.

    A password may hold `@` and `/` unescaped, and a path an `@`. Where they cannot be told apart the answer is
    `unknown`.
    """
    url = url.strip()
    scheme, mark, rest = url.rpartition("://") if url.count("://") == 1 else ("", "", url)
    if not re.fullmatch(r"[a-zA-Z0-9+.-]*", scheme) or re.search(
        r"^\w+::|\s|://|[\x00-\x1f\x7f]", rest
    ):  # `ext::` runs a program
        return UNKNOWN
    if not mark and re.match(r"[./~]", rest):  # a folder of this machine, which has no credentials
        return rest
    return _checked(scheme + mark, _without_user(rest, is_url=bool(mark)))


def _without_user(rest: str, is_url: bool) -> str:
    """The host and what follows it; empty where it cannot be told what is the host."""
    if "@" not in rest:
        return rest
    if not is_url:  # git@host:path
        return rest.partition("@")[2] if rest.count("@") == 1 else ""
    head = re.match(r"[^/?#]*", rest)[0]
    if "@" not in rest[len(head) :]:
        return rest.rpartition("@")[2]
    # user:p/w@host/path: what stands before the slash is no host, and the one @ ends the password.
    certain = rest.count("@") == 1 and not re.fullmatch(HOST_AND_PORT, head)
    return rest.rpartition("@")[2] if certain else ""


def _checked(beginning: str, rest: str) -> str:
    rest = re.split(r"[?#]", rest)[0]
    return f"{beginning}{rest}" if rest.strip("/") else UNKNOWN


if __name__ == "__main__":
    print(without_credentials(sys.argv[1] if len(sys.argv) > 1 else ""))
