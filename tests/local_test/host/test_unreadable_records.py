"""One record that cannot be read costs itself: the service starts with the others and says which one is left out."""

import logging

import pytest

from local_test.host.state import FILE, State

PAGE = 4096


def written(folder):
    """Records of several pages each, so that damage of a page is damage of one of them."""
    jobs = State(folder).records("training-job")
    for name in "abcde":
        jobs.create(name, {"name": name, "text": name * 5 * PAGE})


def damage_value(folder):
    state = State(folder)
    with state.transaction() as connection:
        connection.execute("UPDATE records SET value = substr(value, 1, 100) WHERE name = 'c'")


def damage_page(folder):
    """Half of a record's pages are another file's: what a disk may do, and no process."""
    file = folder / FILE
    assert not (folder / f"{FILE}-wal").exists()
    data = bytearray(file.read_bytes())
    page = next(number for number in range(0, len(data), PAGE) if data[number + 4 : number + PAGE] == b"c" * (PAGE - 4))
    data[page : page + PAGE] = b"\xff" * PAGE
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [damage_value, damage_page])
def test_a_torn_record_is_named_and_left_out_and_the_others_are_there(tmp_path, caplog, damage):
    written(tmp_path)
    damage(tmp_path)
    jobs = State(tmp_path).records("training-job")
    assert [one["name"] for one in jobs.all()] == ["a", "b", "d", "e"]
    [said] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    [kept] = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert "The training-job record c cannot be read" in said.getMessage() and str(kept) in said.getMessage()
    assert jobs.create("c", {"name": "anew"}), "its name can be used again"
    caplog.clear()
    assert len(State(tmp_path).records("training-job").all()) == 5 and not caplog.records, "it is said once"


def test_damage_of_all_records_is_refused_with_the_next_step(tmp_path):
    written(tmp_path)
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[:PAGE] + b"\xff" * (len(data) - PAGE))
    with pytest.raises(ValueError, match=r"cannot be read: .*malformed .*move it away to start without them"):
        State(tmp_path)


def write_json(folder, kind, name, text):
    (folder / kind).mkdir(parents=True, exist_ok=True)
    (folder / kind / f"{name}.json").write_bytes(text)


def test_json_files_of_an_earlier_version_are_taken_over_once(tmp_path):
    write_json(tmp_path, "training-job", "a%2Fb%20%C3%BC", b'{"Status": "Completed"}')
    write_json(tmp_path, "models", "m", b'{"n": 1}')
    (tmp_path / "models/x.unfinished").write_text('{"half')
    state = State(tmp_path)
    assert state.records("training-job").get("a/b \u00fc") == {"Status": "Completed"}
    assert state.records("models").all() == [{"n": 1}]
    assert state.records("models").delete("m")
    assert (tmp_path / "as-json-files/models/m.json").read_bytes() == b'{"n": 1}', "nothing is lost"
    assert State(tmp_path).records("models").all() == [], "it is not taken over a second time"


@pytest.mark.parametrize("text", [b'{"half', b"", b"\xff\xfe", b"[1]"])
def test_a_torn_json_file_is_named_and_left_out_and_stays(tmp_path, caplog, text):
    write_json(tmp_path, "models", "sound", b'{"n": 1}')
    write_json(tmp_path, "models", "torn", text)
    assert State(tmp_path).records("models").names() == ["sound"]
    assert "The models record torn cannot be read" in caplog.text
    assert (tmp_path / "as-json-files/models/torn.json").read_bytes() == text


def test_what_an_earlier_version_writes_after_a_later_one_ran_is_taken_over_too(tmp_path):
    write_json(tmp_path, "models", "first", b'{"n": 1}')
    State(tmp_path).records("models").update("first", n=2)
    write_json(tmp_path, "models", "first", b'{"n": 3}')
    write_json(tmp_path, "models", "second", b'{"n": 4}')
    assert State(tmp_path).records("models").all() == [{"n": 2}, {"n": 4}]
    assert (tmp_path / "as-json-files/models1/first.json").read_bytes() == b'{"n": 3}'
