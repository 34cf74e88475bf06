"""Answers put together as `.out` files, and what is stored of a job."""

import pytest

from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.destination import Destination
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore
from local_test.transform.job_objects import InputObject, ObjectOutput, assembled, store


def output(folder, by_line=False, name="a.csv.out", number=0):
    return ObjectOutput(InputObject(number, "s3://data/in/a.csv", folder / "in", name), folder, by_line)


def test_line_ends_every_answer_with_one_line_end():
    assert assembled(b"1", by_line=True) == b"1\n"
    assert assembled(b"1\n", by_line=True) == b"1\n"
    assert assembled(b"1\r\n", by_line=True) == b"1\r\n"
    assert assembled(b"", by_line=True) == b"\n"
    assert assembled(b"1\n\n", by_line=True) == b"1\n\n"


@pytest.mark.parametrize("answer", [b"", b"1", b"1\n", b"\xff\x00"])
def test_none_leaves_answers_as_they_are(answer):
    assert assembled(answer, by_line=False) == answer


@pytest.mark.parametrize(("by_line", "whole"), [(False, b"123"), (True, b"1\n2\n3\n")])
def test_answers_are_put_together_in_the_order_they_are_added(tmp_path, by_line, whole):
    one = output(tmp_path, by_line)
    for answer in (b"1", b"2", b"3"):
        one.add(answer)
    one.finish()
    assert one.done and one.path.read_bytes() == whole


def test_an_object_without_records_has_an_empty_output(tmp_path):
    one = output(tmp_path)
    one.finish()
    assert one.path.read_bytes() == b""


def test_a_failure_takes_what_was_written_with_it_and_the_first_one_is_told(tmp_path):
    one = output(tmp_path)
    one.add(b"1")
    one.fail("first", client_fault=True)
    one.fail("second", client_fault=False)
    assert (one.failure, one.client_fault, one.done) == ("first", True, False)
    assert list(tmp_path.iterdir()) == []


def test_what_is_done_is_stored_and_nothing_else(tmp_path):
    objects = ObjectStore(tmp_path / "s3", ACCOUNT, "us-east-1")
    objects.ensure_bucket("results")
    work = tmp_path / "work"
    work.mkdir()
    names = ("sub/done", "failed", "undone")
    done, failed, undone = (output(work, name=f"{name}.csv.out", number=number) for number, name in enumerate(names))
    for one in (done, failed, undone):
        one.add(b"answer")
    done.finish()
    failed.fail("bad", client_fault=True)
    store([done, failed, undone], "s3://results/o/", "text/csv", Destination(objects, LocalFiles([], work), work))
    undone.abandon()
    assert [one.key for one in objects.list("s3://results/")] == ["o/sub/done.csv.out"]
    assert objects.get("s3://results/o/sub/done.csv.out").path.read_bytes() == b"answer"
    assert list(work.iterdir()) == []


def test_outputs_go_into_a_folder_of_this_machine_under_their_own_names(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    names = ("sub/ü #1 %20.csv.out", "a#1.out", "a#2.out", "..%2fx.out")
    made = [output(work, name=name, number=number) for number, name in enumerate(names)]
    for one in made:
        one.add(one.source.output.encode())
        one.finish()
    store(
        made, (tmp_path / "out put").as_uri(), None, Destination(None, LocalFiles([tmp_path], tmp_path / "state"), work)
    )
    assert {name: (tmp_path / "out put" / name).read_text() for name in names} == {name: name for name in names}


def test_an_output_path_with_and_without_slash_is_the_same_path(tmp_path):
    objects = ObjectStore(tmp_path / "s3", ACCOUNT, "us-east-1")
    objects.ensure_bucket("results")
    for number, base in enumerate(("s3://results/o", "s3://results/o/", "s3://results")):
        one = output(tmp_path, name=f"a b#{number}.out", number=number)
        one.finish()
        store([one], base, None, Destination(objects, LocalFiles([], tmp_path), tmp_path))
    assert [one.key for one in objects.list("s3://results")] == ["a b#2.out", "o/a b#0.out", "o/a b#1.out"]
