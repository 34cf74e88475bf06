"""S3 URIs, metric lines, atomic writes, hints."""

import os
import re

import pytest

from contract.atomic_write import replacing, write_atomically
from contract.did_you_mean import did_you_mean
from contract.metric_lines import METRICS, line_of_epoch, line_of_test_split
from contract.s3_uri import split_s3_uri


@pytest.mark.parametrize("key", ["", "a", "a/b c", "a#b", "a?b=c", "a%20b", "ü", "a//b", "a/../b", "s3://x"])
def test_a_key_is_kept_as_it_is(key):
    assert split_s3_uri(f"s3://bucket/{key}") == ("bucket", key)


@pytest.mark.parametrize(
    "uri",
    ["", "bucket/key", "s3:/bucket/key", "s3://", "s3:///key", "S3://bucket/key", "https://bucket/key", "file:///a"],
)
def test_other_uris_are_named(uri):
    with pytest.raises(ValueError, match="is not an S3 URI"):
        split_s3_uri(uri)


def test_every_metric_is_in_a_line_that_the_program_prints():
    printed = line_of_epoch(3, 1.0, 0.5, 0.25, 12.34) + "\n" + line_of_test_split(0.5, 0.25, 0.75)
    found = {metric: re.search(rf"\b{metric}=([0-9.]+)", printed)[1] for metric in METRICS}
    assert found == {
        "train_loss": "1.0000",
        "valid_loss": "0.5000",
        "valid_accuracy": "0.2500",
        "seconds": "12.3",
        "test_loss": "0.5000",
        "test_accuracy": "0.2500",
        "test_top5": "0.7500",
    }


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.json"
    write_atomically(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as unfinished:
        unfinished.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]
    write_atomically(path, "new", mode=0o600)
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600


def test_a_hint_names_what_is_similar_else_all():
    assert did_you_mean("Batch-Sise", ["lr", "batch-size"]) == "Did you mean batch-size?"
    assert did_you_mean("zzz", ["lr", "batch-size"]) == "The known ones are: lr, batch-size."
