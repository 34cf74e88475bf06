"""What file:/// URIs of requests may reach."""

import os
import pickle
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from local_test.storage.laid_out import link_or_copy
from local_test.storage.local_files import LocalFiles, parse

NOBODY = 65534


@pytest.fixture
def home(tmp_path):
    """A working folder with the service's state in it, and a secret outside of it."""
    for name in ("work/data/a.txt", "work/data/sub/b.txt", "work/out/local/keys", "secret/key"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture
def files(home):
    return LocalFiles([home / "work"], home / "work/out/local")


def uri(path):
    return f"file://{path}"


def test_a_uri_is_decoded_once_and_nothing_of_it_is_cut_off():
    assert parse("file:///a%20b/c#1?d%2520") == Path("/a b/c#1?d%20")
    assert parse(Path("/caf\udce9").as_uri()) == Path("/caf\udce9")


@pytest.mark.parametrize(
    "wrong", ["file://host/a", "file:/a", "/a", "s3://a/b", "file://", "FILE:///a", "file:///a%00b", "file:///\ud800"]
)
def test_what_is_no_file_uri_is_refused(wrong):
    with pytest.raises(ValueError, match=r"is no file URI|NUL|no path can have"):
        parse(wrong)


def test_what_is_below_an_allowed_folder_is_reached_whether_or_not_it_is_there(files, home):
    assert files.path(uri(home / "work/data/a.txt")) == home / "work/data/a.txt"
    assert files.path(uri(home / "work/new/out")) == home / "work/new/out"
    files.check("s3://bucket/anything")


@pytest.mark.parametrize("way", ["secret", "secret/key", "work/../secret/key", "work2", "work/%2e%2e/secret", ""])
def test_what_is_outside_is_refused_with_the_folders_and_the_option(files, home, way):
    with pytest.raises(
        ValueError,
        match=f"is outside the folders that the local SageMaker was started for .{home}/work.*--allow-files {home}",
    ):
        files.check(uri(home / way))


def test_a_link_that_leads_out_is_refused_and_its_target_named(files, home):
    (home / "work/link").symlink_to(home / "secret")
    with pytest.raises(ValueError, match=f"work/link/key leads to {home}/secret/key, which is outside"):
        files.path(uri(home / "work/link/key"))


def test_an_allowed_folder_may_be_a_link(home):
    (home / "short").symlink_to(home / "secret")
    files = LocalFiles([home / "short"], home / "work/out/local")
    assert files.path(uri(home / "short/key")) == files.path(uri(home / "secret/key")) == home / "secret/key"


@pytest.mark.parametrize("way", ["work/out/local", "work/out/local/keys", "work/out/local/new", "work/state-link/keys"])
def test_the_services_own_folder_is_never_reached(files, home, way):
    (home / "work/state-link").symlink_to(home / "work/out/local")
    with pytest.raises(ValueError, match="in the local SageMaker's own folder"):
        files.path(uri(home / way))


@pytest.mark.parametrize("way", ["work", "work/out"])
def test_a_folder_that_holds_the_services_own_is_not_read_as_a_whole(files, home, way):
    with pytest.raises(ValueError, match="holds the local SageMaker's own folder"):
        files.folder(uri(home / way))


def test_a_name_is_stored_literally_in_the_folder_of_a_uri(files, home):
    assert files.path_below(uri(home / "work/a%231"), "..%2fx#1") == home / "work/a#1/..%2fx#1"
    with pytest.raises(ValueError, match="own folder"):
        files.path_below(uri(home / "work"), "out/local/keys")
    with pytest.raises(ValueError, match=r"'\.\.'"):
        files.path_below(uri(home / "work/data"), "../x")


def test_files_are_listed_by_name_and_links_to_files_are_those_files(files, home):
    (home / "work/elsewhere").write_text("e")
    (home / "work/data/z").symlink_to(home / "work/elsewhere")
    (home / "work/data/gone").symlink_to(home / "work/nothing")
    assert files.files_below(files.folder(uri(home / "work/data"))) == [
        ("a.txt", home / "work/data/a.txt"),
        ("sub/b.txt", home / "work/data/sub/b.txt"),
        ("z", home / "work/elsewhere"),
    ]


@pytest.mark.parametrize("target", ["secret/key", "secret", "work/out/local/keys", "nothing"])
def test_a_link_in_a_folder_that_leads_out_is_refused_by_its_name(files, home, target):
    (home / "work/data/sub/odd").symlink_to(home / target)
    with pytest.raises(ValueError, match="data/sub/odd leads to"):
        files.files_below(home / "work/data")


def test_a_mounted_folder_may_have_links_and_no_sockets(files, home):
    (home / "work/data/odd").symlink_to(home / "secret")
    assert files.check_mountable(home / "work/data") == ["odd"]
    here = os.getcwd()
    os.chdir(home / "work/data")  # a socket's path may have some 100 bytes only
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("agent")
            for read in (files.check_mountable, files.files_below):
                with pytest.raises(ValueError, match="data/agent is neither a file nor a folder"):
                    read(home / "work/data")
    finally:
        os.chdir(here)


def test_links_that_lead_out_of_a_mounted_folder_are_told(files, home):
    data = home / "work/data"
    (data / "train").mkdir()
    (data / "train/inside").symlink_to("../sub")
    for name, target in {"up": "../../other", "absolute": str(data / "sub"), "nowhere": "/nowhere"}.items():
        (data / "train" / name).symlink_to(target)
    assert files.check_mountable(data) == ["train/absolute", "train/nowhere", "train/up"]


def test_an_empty_folder_has_no_files(files, home):
    (home / "work/empty/sub").mkdir(parents=True)
    assert not files.has_files(home / "work/empty") and files.has_files(home / "work/data")


@pytest.fixture
def open_folder():
    """A folder that other users can enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(folder)


def refused(act) -> str | None:
    """The ValueError of `act`, done by a user other than root; None when there is none."""

    def outcome():
        try:
            act()
        except ValueError as error:
            return str(error)

    if os.geteuid() != 0:
        return outcome()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(writing, pickle.dumps(outcome()))
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as told:
        return pickle.loads(told.read())


@pytest.mark.parametrize("locked", ["sub/key", "sub"])
def test_what_the_services_user_cannot_read_becomes_no_containers(open_folder, locked):
    (open_folder / "data/sub").mkdir(parents=True)
    (open_folder / "data/sub/key").write_text("key")
    (open_folder / "data/sub").chmod(0o755)
    files = LocalFiles([open_folder], open_folder / "state")
    data = files.folder(uri(open_folder / "data"))
    for act in (files.check_mountable, files.files_below):
        assert refused(lambda: act(data)) is None
    (data / locked).chmod(0)
    for act in (files.check_mountable, files.files_below):
        assert f"{data / locked} cannot be read by the user of the local SageMaker" in refused(lambda: act(data))


def test_a_file_that_the_services_user_cannot_read_is_not_linked(open_folder):
    (open_folder / "key").write_text("key")
    open_folder.chmod(0o777)
    (open_folder / "key").chmod(0)
    assert "key cannot be read" in refused(lambda: link_or_copy(open_folder / "key", open_folder / "mine"))
    assert not (open_folder / "mine").exists()
