"""model.tar.gz as data that anybody may have made: what is unpacked, and what is refused before it costs anything."""

import gzip
import io
import os
import tarfile
import time

import pytest

from local_test.serving import model_archive
from local_test.serving.model_archive import unpack

MB = 1024 * 1024


def archive_with(path, *members, mode="w:gz"):
    """An archive of a good file and these: TarInfo, or names of files."""
    with tarfile.open(path, mode) as packed:
        for member in (tarfile.TarInfo("good.txt"), *members):
            if isinstance(member, str):
                member = tarfile.TarInfo(member)
            packed.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def folder_member(name):
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE
    return member


def refusal(tmp_path, archive):
    """What unpacking the archive raises; that it leaves nothing behind."""
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(ValueError) as caught:
        unpack(archive, tmp_path / "inner/model", "model.tar.gz")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    return str(caught.value)


def test_files_and_folders_are_unpacked(tmp_path):
    member = tarfile.TarInfo("code/inference.py")
    member.size = 3
    unpack(
        archive_with(
            tmp_path / "m", member, folder_member("./"), folder_member("code"), folder_member("./code/"), "./sub/a#1"
        ),
        tmp_path / "model",
        "m",
    )
    assert (tmp_path / "model/code/inference.py").read_bytes() == b"xxx"
    found = {path.relative_to(tmp_path / "model").as_posix() for path in (tmp_path / "model").rglob("*")}
    assert found == {"good.txt", "code", "code/inference.py", "sub", "sub/a#1"}


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_a_member_outside_the_folder_is_refused_before_anything_is_written(tmp_path, name):
    assert "only files and folders inside it are taken" in refusal(tmp_path, archive_with(tmp_path / "m", name))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("odd")
    member.type, member.linkname = kind, "good.txt"
    assert "model.tar.gz has 'odd'" in refusal(tmp_path, archive_with(tmp_path / "m", member))


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["a", "./a"], ["a/b/c", "a/b"]])
def test_names_that_cannot_be_side_by_side_are_refused_by_name(tmp_path, names):
    assert "'a" in refusal(tmp_path, archive_with(tmp_path / "m", *names))


@pytest.mark.parametrize("members", [("a", folder_member("a")), (folder_member("a"), "a")])
def test_a_name_that_is_a_file_and_a_folder_is_refused(tmp_path, members):
    assert "'a' twice" in refusal(tmp_path, archive_with(tmp_path / "m", *members))


def test_folders_that_are_too_deep_are_refused_and_deep_ones_are_not(tmp_path):
    unpack(archive_with(tmp_path / "m", "/".join("a" * 100)), tmp_path / "model", "m")
    assert "100 deep" in refusal(tmp_path, archive_with(tmp_path / "deep", "/".join("a" * 101)))


@pytest.mark.parametrize("name", ["n" * 256, "a/" + "n" * 300])
def test_names_that_no_file_can_have_are_refused(tmp_path, name):
    assert "255 is the most" in refusal(tmp_path, archive_with(tmp_path / "m", name))


def test_headers_have_a_bound_too(tmp_path, monkeypatch):
    """Long names and attributes are kept in memory, where the files are not."""
    monkeypatch.setattr(model_archive, "LONGEST_HEADERS", 1024 * 1024)
    with tarfile.open(tmp_path / "m", "w:gz", format=tarfile.PAX_FORMAT) as packed:
        for number in range(100):
            member = tarfile.TarInfo(f"f{number}")
            member.pax_headers = {"comment": "x" * 50_000}
            packed.addfile(member)
    assert "1 MB of headers" in refusal(tmp_path, tmp_path / "m")


def test_a_file_and_a_folder_in_it_are_refused_before_anything_is_written(tmp_path):
    with tarfile.open(tmp_path / "m", "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("a"))
        folder = tarfile.TarInfo("a/b")
        folder.type = tarfile.DIRTYPE
        packed.addfile(folder)
    assert "'a' is a file" in refusal(tmp_path, tmp_path / "m")


@pytest.mark.parametrize(
    "content",
    [b"no archive", b"\x1f\x8b\x08\x00broken", gzip.compress(b"no archive"), gzip.compress(b"x" * 2000), b""],
    ids=["text", "broken gzip", "packed text", "packed letters", "empty"],
)  # gzip's bytes hold the second they were made in
def test_what_is_no_archive_is_named(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    assert "model.tar.gz is not a sound .tar.gz" in refusal(tmp_path, tmp_path / "m")


@pytest.mark.parametrize("mode", ["w", "w:xz", "w:bz2"])
def test_an_archive_that_is_not_compressed_by_gzip_is_refused_as_on_aws(tmp_path, mode):
    assert "Not a gzipped file" in refusal(tmp_path, archive_with(tmp_path / "m", mode=mode))


def test_an_archive_that_was_cut_off_is_refused(tmp_path):
    member = tarfile.TarInfo("a")
    member.size = 100_000
    whole = archive_with(tmp_path / "whole", member).read_bytes()
    (tmp_path / "m").write_bytes(whole[: len(whole) // 2])
    assert "is not a sound .tar.gz" in refusal(tmp_path, tmp_path / "m")


def zeros(path, header: bytes, size: int):
    """An archive that begins with this header, and goes on with zeros."""
    with gzip.open(path, "wb", compresslevel=9) as packed:
        packed.write(header)
        for _ in range(0, size, MB):
            packed.write(bytes(MB))
    return path


def header(name="big", size=0, kind=tarfile.REGTYPE, said=None):
    """said: what the header claims instead of the size, as its 12 bytes."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    whole = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    if said is not None:
        whole[124:136] = said
        whole[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(whole))[0]
    return bytes(whole)


def test_a_file_that_unpacks_to_gigabytes_is_refused_without_being_unpacked(tmp_path):
    archive = zeros(tmp_path / "m", header(size=2048 * MB), 400 * MB)
    assert archive.stat().st_size < MB
    began = time.process_time()
    assert "unpacks to more than" in refusal(tmp_path, archive)
    assert time.process_time() - began < 0.2, "400 MB take longer to unzip"


def test_many_files_that_unpack_to_gigabytes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(model_archive, "SPARE_BYTES", 2 * MB)
    members = [tarfile.TarInfo(f"big-{number}") for number in range(5)]
    for member in members:
        member.size = MB
    assert "100 times its own size and 2 MB are the most" in refusal(tmp_path, archive_with(tmp_path / "m", *members))
    unpack(archive_with(tmp_path / "less", members[0]), tmp_path / "model", "m")
    assert (tmp_path / "model/big-0").stat().st_size == MB


def test_as_many_bytes_as_the_bound_allows_are_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(model_archive, "SPARE_BYTES", 0)
    member = tarfile.TarInfo("weights")
    member.size = 10 * MB
    with tarfile.open(tmp_path / "m", "w:gz") as packed:
        packed.addfile(member, io.BytesIO(os.urandom(MB) + bytes(9 * MB)))
    unpack(tmp_path / "m", tmp_path / "model", "m")
    assert (tmp_path / "model/weights").stat().st_size == 10 * MB


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(model_archive, "MOST_MEMBERS", 10)
    assert "more than 10 members" in refusal(
        tmp_path, archive_with(tmp_path / "m", *(f"f{number}" for number in range(10)))
    )


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_header_of_many_megabytes_is_not_read_into_memory(tmp_path, kind):
    archive = zeros(tmp_path / "m", header(size=200 * MB, kind=kind), 200 * MB)
    assert f"a header of {200 * MB} bytes" in refusal(tmp_path, archive)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_negative_size_is_refused_not_read_for_ever(tmp_path, kind):
    minus = b"\xff" * 10 + b"\xfc\x00"  # -1024
    assert "is not a sound .tar.gz" in refusal(
        tmp_path, zeros(tmp_path / "m", header("a") + header(kind=kind, said=minus), MB)
    )


def test_unpacked_files_are_the_users_own_and_can_be_read_by_all_whoever_packed_them(tmp_path):
    secret, program = tarfile.TarInfo("sub/secret"), tarfile.TarInfo("program")
    secret.mode, program.mode = 0o4600, 0o6711
    secret.uid = secret.gid = program.uid = 12345
    locked = folder_member("locked")
    locked.mode = 0
    before = os.umask(0o077)
    try:
        unpack(archive_with(tmp_path / "m", secret, program, locked), tmp_path / "model", "m")
    finally:
        os.umask(before)
    folder = tmp_path / "model"
    assert {path.stat().st_uid for path in folder.rglob("*")} == {os.getuid()}
    assert {path.name: path.stat().st_mode & 0o7777 for path in [folder, *folder.rglob("*")]} == {
        "model": 0o755,
        "sub": 0o755,
        "locked": 0o755,
        "secret": 0o644,
        "program": 0o755,
        "good.txt": 0o644,
    }
