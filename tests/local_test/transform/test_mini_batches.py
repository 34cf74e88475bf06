"""Records as payloads: SingleRecord, MultiRecord up to the limit, whole objects, compressed ones."""

import gzip

import pytest

from local_test.transform.mini_batches import Cutting
from local_test.transform.records import BadInput


@pytest.fixture
def batches(tmp_path):
    def of(data, split="Line", strategy="MultiRecord", most_bytes=10, gzipped=False):
        path = tmp_path / "object"
        path.write_bytes(data)
        return list(Cutting(gzipped, split, strategy, most_bytes).mini_batches(path))

    return of


def bodies(found):
    return [batch.body for batch in found]


def test_single_record_sends_each_line_without_its_line_end(batches):
    assert bodies(batches(b"a\nb\r\nc", strategy="SingleRecord")) == [b"a", b"b", b"c"]


def test_multi_record_sends_as_many_lines_as_fit_with_their_line_ends(batches):
    found = batches(b"aaa\nbbb\nccc\nddd\neee\n")
    assert bodies(found) == [b"aaa\nbbb\n", b"ccc\nddd\n", b"eee\n"]
    assert [batch.records for batch in found] == [(1, 2), (3, 4), (5, 5)]
    assert [str(batch) for batch in found] == ["records 1 to 2", "records 3 to 4", "record 5"]


def test_a_payload_may_be_exactly_as_large_as_the_limit(batches):
    assert bodies(batches(b"aaaa\nbbbb\ncc\n")) == [b"aaaa\nbbbb\n", b"cc\n"]
    assert bodies(batches(b"123456789\n")) == [b"123456789\n"]
    assert bodies(batches(b"1234567890\r\n1\n", strategy="SingleRecord")) == [b"1234567890", b"1"]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"a", b"a\n\n\nb", b"a\r\n\r\nb\r\n", "äöü€\n𝄞\n".encode(), b"12345\n" * 7]
)
@pytest.mark.parametrize("most_bytes", [10, 11, 12, 17, 1000])
def test_multi_record_payloads_are_the_object_cut_at_line_ends(batches, data, most_bytes):
    found = bodies(batches(data, most_bytes=most_bytes))
    assert b"".join(found) == data
    assert all(0 < len(body) <= most_bytes for body in found)
    assert all(body.endswith(b"\n") for body in found[:-1])


@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_a_record_above_the_limit_is_refused_by_its_number(batches, strategy):
    with pytest.raises(BadInput, match="record 2 is larger than MaxPayloadInMB"):
        batches(b"a\n" + b"x" * 11 + b"\nb\n", strategy=strategy)


@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_an_object_without_records_makes_no_payload(batches, strategy):
    assert batches(b"", strategy=strategy) == []


def test_an_object_that_is_not_split_is_one_payload_even_an_empty_one(batches):
    assert bodies(batches(b"a\nb\nc", split="None")) == [b"a\nb\nc"]
    assert bodies(batches(b"", split="None")) == [b""]
    assert str(batches(b"a", split="None")[0]) == "the object"


def test_an_object_that_is_not_split_and_too_large_is_refused(batches):
    assert bodies(batches(b"1234567890", split="None")) == [b"1234567890"]
    with pytest.raises(BadInput, match="as one payload it is larger than MaxPayloadInMB"):
        batches(b"12345678901", split="None")


def test_without_a_limit_an_object_is_read_block_by_block_and_anew_for_every_try(batches):
    data = b"0123456789" * 100_000
    (batch,) = batches(data, split="None", most_bytes=None)
    assert b"".join(batch.body()) == data
    assert b"".join(batch.body()) == data
    assert max(len(block) for block in batch.body()) < len(data) / 10


def test_without_a_limit_single_record_still_sends_each_record(batches):
    assert bodies(batches(b"a\nb\n", strategy="SingleRecord", most_bytes=None)) == [b"a", b"b"]


@pytest.mark.parametrize("split", ["None", "Line"])
def test_gzip_is_taken_off_before_anything_is_cut_or_measured(batches, split):
    data = b"aaa\nbbb\n"
    assert b"".join(bodies(batches(gzip.compress(data), split=split, gzipped=True))) == data


def test_gzip_of_several_members_is_read_to_its_end(batches):
    assert b"".join(bodies(batches(gzip.compress(b"a\n") + gzip.compress(b"b\n"), gzipped=True))) == b"a\nb\n"


@pytest.mark.parametrize(
    "data",
    # Named: the bytes hold the second they were made in, and a test's name must be the same in every process.
    [pytest.param(b"not gzip at all", id="other"), pytest.param(gzip.compress(b"aaa\n" * 1000)[:-12], id="cut short")],
)
@pytest.mark.parametrize("most_bytes", [10, None])
def test_broken_gzip_is_told(batches, data, most_bytes):
    with pytest.raises(BadInput, match="it is not sound gzip, which CompressionType says it is"):
        for batch in batches(data, gzipped=True, most_bytes=most_bytes):
            b"".join(batch.body())


def test_an_object_that_has_gone_is_told(tmp_path):
    with pytest.raises(BadInput, match="overwritten or deleted while the job ran"):
        list(Cutting(False, "Line", "MultiRecord", 10).mini_batches(tmp_path / "gone"))
