"""Archives for containers, and out of containers, whose names are checked."""

import io
import tarfile

import pytest
from docker.errors import NotFound

from local_test.host.archives import folder_of, pack, spooled_archive, tree_archive


def test_folders_and_text_files_travel_by_path():
    with tarfile.open(
        fileobj=io.BytesIO(tree_archive(["/opt/ml/model"], {"/input/config/a.json": "{}", "b": "é"}))
    ) as archive:
        assert archive.getmember("opt/ml/model").isdir()
        assert archive.extractfile("input/config/a.json").read() == b"{}"
        assert archive.extractfile("b").read().decode() == "é"


def test_an_archive_that_was_cut_off_between_two_members_is_not_taken_for_a_whole_one():
    whole = tree_archive([], {"a": "x", "b": "y"})
    with spooled_archive([whole[:700], whole[700:]]) as spool, tarfile.open(fileobj=spool) as archive:
        assert archive.getnames() == ["a", "b"]
    with pytest.raises(OSError, match="cut off after 1024 bytes"):
        spooled_archive([whole[:1024]])
    with pytest.raises(OSError, match="cut off after 0 bytes"):
        spooled_archive([])


class Gone:
    """A container without the folder that is asked for, or that is not there itself."""

    def __init__(self, itself):
        self._itself = itself

    def get_archive(self, folder):
        raise NotFound(folder)

    def reload(self):
        if self._itself:
            raise NotFound("container")


def test_a_container_that_is_gone_has_no_empty_folder():
    with folder_of(Gone(itself=False), "/opt/ml/model") as members:
        assert list(members) == []
    with pytest.raises(NotFound), folder_of(Gone(itself=True), "/opt/ml/model"):
        pass


class Container:
    """A container whose folder has these members: name -> bytes, None for a folder, or a type of tarfile's."""

    def __init__(self, members):
        self._members = members

    def get_archive(self, folder):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, content in self._members.items():
                member = tarfile.TarInfo(f"model/{name}")
                if (
                    isinstance(content, bytes)
                    and len(content) == 1
                    and content in tarfile.SUPPORTED_TYPES
                    and content not in tarfile.REGULAR_TYPES
                ):
                    member.type, member.linkname = content, "elsewhere"
                elif content is None:
                    member.type = tarfile.DIRTYPE
                else:
                    member.size = len(content)
                archive.addfile(member, io.BytesIO(content or b""))
        return [buffer.getvalue()], {}


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a//b", "n" * 256])
def test_a_name_out_of_a_container_that_leads_out_is_refused(name):
    with (
        pytest.raises(ValueError, match="cannot be the name of a file"),
        folder_of(Container({"good": b"good", name: b"bad"}), "/opt/ml/model") as members,
    ):
        list(members)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_out_of_a_container_are_refused_by_name(kind):
    with (
        pytest.raises(ValueError, match=r"/opt/ml/model/odd is (a link|neither a file nor a folder)"),
        folder_of(Container({"odd": kind}), "/opt/ml/model") as members,
    ):
        list(members)


def test_names_that_look_like_uris_are_names():
    names = {"..%2fx": b"one", "a#1": b"two", "a?b": b"three"}
    with folder_of(Container(names), "/opt/ml/model") as members:
        assert {member.name: content.read() for member, content in members} == names


def test_of_a_file_on_several_hosts_the_first_counts(tmp_path):
    hosts = [
        Container({"a": b"first", "sub": None, "sub/b": b"both"}),
        Container({"a": b"second", "sub": None, "sub/c": b"more"}),
    ]
    assert pack(hosts, "/opt/ml/model", tmp_path / "m.tar.gz") == 3
    with tarfile.open(tmp_path / "m.tar.gz") as packed:
        assert packed.getnames() == ["a", "sub", "sub/b", "sub/c"] and packed.extractfile("a").read() == b"first"


@pytest.mark.parametrize("hosts", [({"a": b"file"}, {"a": None, "a/b": b"x"}), ({"a": None}, {"a": b"file"})])
def test_a_file_on_one_host_and_a_folder_on_another_is_refused_by_name(tmp_path, hosts):
    with pytest.raises(ValueError, match="/opt/ml/model/a is a file on one host and a folder on another"):
        pack([Container(one) for one in hosts], "/opt/ml/model", tmp_path / "m.tar.gz")
