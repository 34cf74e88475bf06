"""Records: what was written is there after a restart, and nobody can change it in passing."""

import errno
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from local_test.host.state import FILE, State, retry_until_written


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


def test_records_come_in_the_order_of_their_creation(tmp_path):
    jobs = State(tmp_path).records("training-job")
    for name in ("b", "c", "a"):
        jobs.create(name, {"name": name})
    jobs.update("b", more=1)
    assert [one["name"] for one in State(tmp_path).records("training-job").all()] == ["b", "c", "a"]
    assert jobs.names() == ["a", "b", "c"]


def test_kinds_do_not_share_names(tmp_path):
    state = State(tmp_path)
    assert state.records("models").create("a", {"n": 1}) and state.records("endpoints").create("a", {"n": 2})
    state.records("models").delete("a")
    assert state.records("endpoints").all() == [{"n": 2}]


def test_an_update_of_what_is_not_there_is_a_key_error_and_writes_nothing(tmp_path):
    jobs = State(tmp_path).records("training-job")
    with pytest.raises(KeyError):
        jobs.update("a", n=1)
    assert jobs.names() == [] and jobs.create("a", {})


def test_what_cannot_be_json_is_not_written_and_what_was_there_stays(tmp_path):
    jobs = State(tmp_path).records("training-job")
    jobs.create("a", {"n": 1})
    with pytest.raises(TypeError):
        jobs.update("a", n=object())
    assert jobs.get("a") == {"n": 1}
    assert jobs.update("a", n=2) == {"n": 2}


def test_threads_that_write_one_record_lose_nothing_of_each_other(tmp_path):
    jobs = State(tmp_path).records("training-job")
    jobs.create("a", {})

    def write(thread):
        for number in range(50):
            jobs.update("a", **{f"{thread}-{number}": number})
            jobs.create(f"{thread}/{number}", {})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    again = State(tmp_path).records("training-job")
    assert len(again.get("a")) == 8 * 50 and len(again.names()) == 1 + 8 * 50


WRITER = """
import sys
from pathlib import Path
from itertools import count
from local_test.host.state import State, retry_until_written
jobs = State(Path(sys.argv[1])).records("training-job")
for number in count():
    jobs.create(f"job-{number}", {"Status": "InProgress", "text": "x" * 5000})
    jobs.update(f"job-{number}", Status="Completed")
    print(number, flush=True)
"""


def test_a_killed_process_has_kept_all_that_it_had_written(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(200):
            last = int(writer.stdout.readline())
        writer.kill()
        last = max([last, *map(int, writer.stdout.read().split())])
    jobs = State(tmp_path).records("training-job")
    assert all(jobs.get(f"job-{number}")["Status"] == "Completed" for number in range(last + 1))


def test_a_full_disk_is_an_os_error_and_costs_nothing_that_was_there(tmp_path):
    state = State(tmp_path)
    jobs = state.records("training-job")
    jobs.create("a", {"n": 1})
    ((pages,),) = state.rows("PRAGMA page_count")
    state.rows(f"PRAGMA max_page_count = {pages}")
    for write in (lambda: jobs.create("b", {"text": "x" * 100_000}), lambda: jobs.update("a", text="x" * 100_000)):
        with pytest.raises(OSError) as full:
            write()
        assert full.value.errno == errno.ENOSPC and str(tmp_path) in str(full.value)
    assert jobs.all() == [{"n": 1}] and jobs.update("a", n=2) == {"n": 2}
    state.rows(f"PRAGMA max_page_count = {pages + 100}")
    assert jobs.create("b", {"text": "x" * 100_000})


def test_a_write_that_the_disk_refuses_is_an_os_error(tmp_path):
    jobs = State(tmp_path).records("training-job")
    jobs.create("a", {"n": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / FILE).stat().st_size, limits[1]))
    try:
        with pytest.raises(OSError):
            jobs.update("a", text="x" * 1_000_000)
        assert jobs.get("a") == {"n": 1}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert jobs.update("a", n=2) == {"n": 2}
    assert State(tmp_path).records("training-job").get("a") == {"n": 2}


def test_a_database_of_a_newer_version_is_refused_with_the_next_step(tmp_path):
    State(tmp_path).rows("PRAGMA user_version = 7")
    with pytest.raises(
        ValueError, match=r"newer version of the local SageMaker .schema 7.*Use that version, or another"
    ):
        State(tmp_path)


def test_a_file_that_is_no_database_is_refused_with_the_next_step(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(ValueError, match=r"cannot be read: file is not a database .*Put a copy of that file back"):
        State(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"no database" * 1000


def test_a_record_that_must_be_there_is_missed_by_name(tmp_path):
    records = State(tmp_path).records("training-job")
    records.create("a", {"Status": "Completed"})
    assert records["a"] == {"Status": "Completed"}
    with pytest.raises(KeyError, match="b"):
        records["b"]


def test_what_a_full_disk_refuses_is_written_when_there_is_room_unless_it_is_given_up(caplog):
    attempts = []

    def write():
        attempts.append(len(attempts))
        if len(attempts) < 3:
            raise OSError("No space left on device")
        return "written"

    assert retry_until_written(write, lambda seconds: False, "job a is Completed") == "written"
    assert len(attempts) == 3 and caplog.text.count("job a is Completed, which cannot be written down") == 2
    attempts.clear()
    assert retry_until_written(write, lambda seconds: True, "job a is Completed") is None and len(attempts) == 1
