"""Records: what was written is there after a restart, and nobody can change it in passing."""

from local_test.host.state import State


def test_records_survive_a_restart(tmp_path):
    jobs = State(tmp_path).records("training-job")
    assert jobs.create("a/b ü", {"Status": "InProgress"})
    jobs.update("a/b ü", Status="Failed", Reason="r", Gone=None)
    again = State(tmp_path).records("training-job")
    assert again.get("a/b ü") == {"Status": "Failed", "Reason": "r"}


def test_a_name_is_given_once(tmp_path):
    jobs = State(tmp_path).records("training-job")
    assert jobs.create("a", {"n": 1}) and not jobs.create("a", {"n": 2})
    assert jobs.get("a") == {"n": 1}


def test_a_record_that_is_handed_out_is_a_copy(tmp_path):
    jobs = State(tmp_path).records("training-job")
    jobs.create("a", {"list": [1]})
    jobs.get("a")["list"].append(2)
    jobs.all()[0]["list"].append(3)
    assert jobs.get("a") == {"list": [1]}


def test_deleted_is_deleted_also_after_a_restart(tmp_path):
    jobs = State(tmp_path).records("training-job")
    jobs.create("a", {})
    assert jobs.delete("a") and not jobs.delete("a")
    assert State(tmp_path).records("training-job").names() == []


def test_an_unfinished_write_is_not_a_record(tmp_path):
    State(tmp_path).records("training-job").create("a", {})
    (tmp_path / "training-job/b.unfinished").write_text('{"half": ')
    assert State(tmp_path).records("training-job").names() == ["a"]
