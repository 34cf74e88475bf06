"""Names that came with data: which may become files below a folder."""

import pytest

from local_test.storage.file_names import check_name, check_side_by_side, path_below


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/b.jpg",
        "a#1",
        "a?b",
        "..%2fhome%2f.bashrc",
        "%2e%2e/x",
        "...",
        ".hidden",
        "ü b",
        "a\nb",
        "a" * 255,
        "caf\udce9",
    ],
)
def test_whatever_a_file_can_be_called_is_taken(name):
    check_name(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/passwd", "begins with a slash"),
        ("//host/x", "begins with a slash"),
        ("..", "'..'"),
        ("../x", "'..'"),
        ("a/../../x", "'..'"),
        ("a/..", "'..'"),
        ("./a", r"'\.'"),
        ("", "empty"),
        ("a//b", "empty"),
        ("a/", "empty"),
        ("a\0b", "NUL"),
        ("a" * 256, "256 bytes"),
        ("a/" + "ü" * 128, "256 bytes"),
        ("\ud800", "no file name"),
    ],
)
def test_a_name_that_is_no_path_below_a_folder_is_refused_with_the_reason(name, why):
    with pytest.raises(ValueError, match=f"cannot be the name of a file in a folder.*{why}"):
        check_name(name)


@pytest.mark.parametrize("names", [("x", "x/y"), ("x/y", "x"), ("x/y/z", "x"), ("x", "x"), ("a/x", "b/x", "a/x")])
def test_names_that_cannot_be_files_side_by_side_are_refused(names):
    with pytest.raises(ValueError, match=r"'(a/)?x'"):
        check_side_by_side(names)


def test_names_in_many_folders_go_together():
    check_side_by_side(["x", "y/x", "y/z/x", "xy", "x#1", "y/xx"])


def test_a_link_on_the_way_that_leads_out_is_refused_and_one_that_stays_inside_is_followed(tmp_path):
    base = tmp_path / "base"
    (base / "inside").mkdir(parents=True)
    (base / "out").symlink_to(tmp_path)
    (base / "in").symlink_to(base / "inside")
    (base / "round").symlink_to(base / "round")
    assert path_below(base, "in/x") == base / "inside/x"
    assert path_below(base, "new/folders/x") == base / "new/folders/x"
    for name in ("out/x", "out/base2/x", "round/x"):
        with pytest.raises(ValueError, match=r"would lie outside|cannot be resolved"):
            path_below(base, name)


def test_a_base_that_is_itself_a_link_holds_its_files(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert path_below(tmp_path / "link", "a/b") == tmp_path / "real/a/b"
