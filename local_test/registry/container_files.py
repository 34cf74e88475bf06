"""The files that nginx in the registry's container decides by: who its users are, which repositories there are.

They are put there over the engine's API: a folder of the host need not be one that the engine can mount.
"""

import io
import tarfile
from collections.abc import Iterable, Mapping

from local_test.registry.users import Users

FOLDER = "/etc/local-sagemaker-registry"  # nginx.conf reads them there
WWW_DATA = 33  # the group of nginx's worker, the same on every Debian
EXISTS, IMMUTABLE = "_exists", "_immutable"  # no part of a repository's name begins with an underscore


def before_start(users: Users, account: str, repositories: Mapping[str, bool]) -> bytes:
    """A tar archive for FOLDER. repositories: whether tags are immutable, by name."""
    files = {
        "users": "".join(f"{user.hashed}\n" for user in (users.aws, users.service)),
        "registry_id.conf": f'map "" $registry_id {{ default "{account}"; }}\n',
    }
    return _archive(files | dict.fromkeys(markers(repositories), ""))


def added(before: Mapping[str, bool], after: Mapping[str, bool]) -> bytes | None:
    """A tar archive for FOLDER with the markers that are missing; None where none is."""
    there = set(markers(before))
    missing = [path for path in markers(after) if path not in there]
    return _archive(dict.fromkeys(missing, "")) if missing else None


def removed(before: Mapping[str, bool], after: Mapping[str, bool]) -> list[str]:
    """The paths of the markers that must go."""
    stay = set(markers(after))
    return [f"{FOLDER}/{path}" for path in reversed(markers(before)) if path not in stay]


def markers(repositories: Mapping[str, bool]) -> list[str]:
    """Below FOLDER. A repository is immutable before it exists: nothing is pushed between the two."""
    paths = []
    for name, is_immutable in repositories.items():
        if is_immutable:
            paths.append(f"repositories/{name}/{IMMUTABLE}")
        paths.append(f"repositories/{name}/{EXISTS}")
    return paths


def _archive(files: Mapping[str, str]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in _folders(files):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.gid = len(text.encode()), 0o640, WWW_DATA
            tar.addfile(entry, io.BytesIO(text.encode()))
    return archive.getvalue()


def _folders(paths: Iterable[str]) -> list[str]:
    """Every folder on the way to a path, the outer ones first."""
    return sorted(
        {"/".join(parts[:end]) for path in paths for parts in [path.split("/")] for end in range(1, len(parts))}
    )
