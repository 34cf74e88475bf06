"""smdebug's own readers find in the files what was written, and take no file before it is complete."""

import json

import pytest
from smdebug.profiler.analysis.utils.profiler_data_to_pandas import PandasFrame
from smdebug.profiler.system_metrics_reader import LocalSystemMetricsReader
from smdebug.profiler.utils import TimeUnits

from container.profiling.system_files import Metric, SystemFiles

MINUTE = 1_700_000_040
METRICS = [
    Metric("cpu", "cpu0", "CPUUtilization", 12.5),
    Metric("cpu", "cpu0", "I/OWaitPercentage", 0.25),
    Metric("memory", "MemoryUsedPercent", "", 31.07),
    Metric("i/o", "IOPS", "", 4.0),
    Metric("network", "ReceiveBytesPerSecond", "Algorithm", 1234.5),
    Metric("gpu", "gpu0", "GPUUtilization", 98.0),
    Metric("gpu", "gpu0", "GPUMemoryUtilization", 55.21),
]


def read(folder):
    """[(timestamp, node, metric), ...] as smdebug sees them."""
    events = LocalSystemMetricsReader(str(folder)).get_events(0, MINUTE + 10_000, TimeUnits.SECONDS)
    return sorted(
        (
            (event.timestamp, event.node_id, Metric(event.type, event.name, event.dimension, event.value))
            for event in events
        ),
        key=lambda read: (read[0], METRICS.index(read[2])),
    )


def test_the_reader_reads_back_what_was_written(tmp_path):
    files = SystemFiles(tmp_path, "algo-1")
    times = [MINUTE + 0.25, MINUTE + 59.75, MINUTE + 60.0, MINUTE + 3_700.5]
    for timestamp in times:
        files.write(timestamp, METRICS)
    files.close()
    assert read(tmp_path) == [(timestamp, "algo-1", metric) for timestamp in times for metric in METRICS]


def test_the_notebooks_frame_has_every_metric(tmp_path):
    files = SystemFiles(tmp_path, "algo-1")
    files.write(MINUTE + 1.5, METRICS)
    files.close()
    frame = PandasFrame(str(tmp_path)).get_all_system_metrics()
    found = [Metric(*row) for row in frame[["type", "system_metric", "dimension", "value"]].itertuples(index=False)]
    assert found == METRICS and set(frame["nodeID"]) == {"algo-1"}


def test_the_folder_is_the_hour_and_the_name_the_minute_and_the_node(tmp_path):
    files = SystemFiles(tmp_path, "algo-2")
    files.write(MINUTE + 30, METRICS[:1])
    files.close()
    [file] = tmp_path.rglob("*.json")
    assert file == tmp_path / "system/incremental/2023111422/1700000040.algo-2.json"
    assert json.loads(file.read_text()) == {
        "Type": "cpu",
        "Name": "cpu0",
        "Dimension": "CPUUtilization",
        "Value": 12.5,
        "NodeId": "algo-2",
        "Timestamp": MINUTE + 30,
    }


def test_a_minute_that_is_not_over_is_not_read(tmp_path):
    files = SystemFiles(tmp_path, "algo-1")
    files.write(MINUTE + 5, METRICS * 100)
    assert any(file.stat().st_size for file in tmp_path.rglob("*.*")), "nothing is on the disk yet that could be read"
    assert read(tmp_path) == []
    files.write(MINUTE + 65, METRICS)
    assert {timestamp for timestamp, *_ in read(tmp_path)} == {MINUTE + 5}
    files.close()


def test_a_second_run_in_the_same_minute_keeps_what_the_first_wrote(tmp_path):
    for timestamp in (MINUTE + 5, MINUTE + 25):
        files = SystemFiles(tmp_path, "algo-1")
        files.write(timestamp, METRICS)
        files.close()
    assert {timestamp for timestamp, *_ in read(tmp_path)} == {MINUTE + 5, MINUTE + 25}


def test_hosts_of_one_job_share_a_folder(tmp_path):
    for node in ("algo-1", "algo-2"):
        files = SystemFiles(tmp_path, node)
        files.write(MINUTE, METRICS[:1])
        files.close()
    assert [node for _, node, _ in read(tmp_path)] == ["algo-1", "algo-2"]


@pytest.mark.parametrize("node", ["localhost", "algo", "algo-1.json", ""])
def test_a_node_that_smdebug_would_not_find_is_refused(tmp_path, node):
    with pytest.raises(ValueError, match="algo-1"):
        SystemFiles(tmp_path, node)


def test_files_without_a_sample_are_none(tmp_path):
    SystemFiles(tmp_path, "algo-1").close()
    assert list(tmp_path.iterdir()) == []
