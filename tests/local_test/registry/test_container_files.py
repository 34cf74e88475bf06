"""What the registry's container is told of the repositories: one file that each exists, one that its tags are
immutable.
"""

import io
import tarfile

from local_test.registry.container_files import added, before_start, markers, removed
from local_test.registry.users import Credentials, Users

USERS = Users(Credentials("AWS", "first"), Credentials("local-sagemaker", "second"))


def files(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {entry.name: tar.extractfile(entry).read().decode() for entry in tar if entry.isfile()}


def test_a_repository_is_immutable_before_it_exists():
    assert markers({"a/b": True, "c": False}) == [
        "repositories/a/b/_immutable",
        "repositories/a/b/_exists",
        "repositories/c/_exists",
    ]


def test_a_new_container_gets_its_users_its_account_and_its_repositories():
    got = files(before_start(USERS, "123456789012", {"a/b": True}))
    assert set(got) == {"users", "registry_id.conf", "repositories/a/b/_immutable", "repositories/a/b/_exists"}
    assert [line.partition(":")[0] for line in got["users"].splitlines()] == ["AWS", "local-sagemaker"]
    assert "first" not in got["users"] and "123456789012" in got["registry_id.conf"]


def test_everybody_may_pass_the_folders_and_nginx_reads_the_files():
    with tarfile.open(fileobj=io.BytesIO(before_start(USERS, "123456789012", {"a/b": True}))) as tar:
        entries = tar.getmembers()
    assert [entry.name for entry in entries if entry.isdir()] == ["repositories", "repositories/a", "repositories/a/b"]
    assert {entry.mode for entry in entries if entry.isdir()} == {0o755}
    assert {(entry.mode, entry.uid, entry.gid) for entry in entries if entry.isfile()} == {(0o640, 0, 33)}


def test_a_change_adds_and_removes_what_differs():
    before, after = {"gone": True, "same": True, "opened": True}, {"same": True, "opened": False, "new": True}
    assert set(files(added(before, after))) == {"repositories/new/_immutable", "repositories/new/_exists"}
    folder = "/etc/local-sagemaker-registry/repositories"
    assert removed(before, after) == [
        f"{folder}/opened/_immutable",
        f"{folder}/gone/_exists",
        f"{folder}/gone/_immutable",
    ]
    assert added(after, after) is None and removed(after, after) == []
