"""Log lines and metrics, from the service's threads and over the API, are there after kill -9."""

import http.client
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from local_test.storage.log_groups import LogGroups

GROUP, STREAM = "/aws/sagemaker/TrainingJobs", "job/algo-1"


def job_writes(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/job-writes", body=b"")
    assert connection.getresponse().status == 200
    connection.close()


def lines(server, stream=STREAM):
    events = server.client("logs").get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)[
        "events"
    ]
    return [(event["timestamp"], event["message"]) for event in events]


def test_lines_of_a_job_are_read_over_the_api_before_and_after_a_restart(server):
    job_writes(server)
    assert lines(server) == [(1000, "epoch=1"), (2000, "epoch=2")]

    def described():
        stream = server.client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"][0]
        group = server.client("logs").describe_log_groups()["logGroups"][0]
        return stream, group

    before = described()
    server.restart()
    assert lines(server) == [(1000, "epoch=1"), (2000, "epoch=2")]
    assert described() == before
    job_writes(server)
    server.restart()
    assert len(lines(server)) == 4
    found = server.client("logs").filter_log_events(logGroupName=GROUP, filterPattern="epoch=2")["events"]
    assert [event["logStreamName"] for event in found] == [STREAM, STREAM]


def test_groups_streams_and_events_made_over_the_api_are_kept(server):
    logs = server.client("logs")
    logs.create_log_group(logGroupName=GROUP, tags={"team": "vision"})
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="mine")
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=GROUP, logStreamName="mine", logEvents=[{"timestamp": now, "message": "äh"}])
    server.restart()
    assert lines(server, "mine") == [(now, "äh")]
    assert server.client("logs").list_tags_log_group(logGroupName=GROUP)["tags"] == {"team": "vision"}
    assert server.client("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7


def test_deleted_groups_and_streams_stay_deleted_and_may_be_written_anew(server):
    job_writes(server)
    logs = server.client("logs")
    logs.delete_log_group(logGroupName=GROUP)
    server.restart()
    assert server.client("logs").describe_log_groups()["logGroups"] == []
    job_writes(server)
    server.client("logs").delete_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    job_writes(server)
    server.restart()
    assert lines(server) == [(1000, "epoch=1"), (2000, "epoch=2")]
    server.client("logs").delete_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    server.restart()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        lines(server)


def test_a_line_that_was_cut_off_is_dropped(tmp_path):
    LogGroups("123456789012", "us-east-1", tmp_path).write(GROUP, STREAM, [(1, "whole")])
    file = next(path for path in tmp_path.glob("*.jsonl") if STREAM in path.read_text())
    with file.open("a") as torn:
        torn.write('{"ingested": 1, "events": [[2, "ha')
    LogGroups("123456789012", "us-east-1", tmp_path).write(GROUP, STREAM, [(3, "after")])
    again = LogGroups("123456789012", "us-east-1", tmp_path)
    stream = again._backend.groups[GROUP].streams[STREAM]
    assert [event.message for event in stream.events] == ["whole", "after"]


def statistics(server, namespace, name, dimensions, statistic="Average"):
    now = datetime.now(UTC)
    found = server.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=60,
        Statistics=[statistic],
        Dimensions=dimensions,
    )
    return [point[statistic] for point in found["Datapoints"]]


def test_metrics_of_a_job_and_of_the_api_are_read_before_and_after_a_restart(server):
    job_writes(server)
    dimensions = [{"Name": "TrainingJobName", "Value": "job"}]
    server.client("cloudwatch").put_metric_data(Namespace="mine", MetricData=[{"MetricName": "one", "Value": 1.5}])
    server.client("cloudwatch").put_metric_data(
        Namespace="mine",
        MetricData=[
            {
                "MetricName": "many",
                "StatisticValues": {"Sum": 6, "Minimum": 1, "Maximum": 3, "SampleCount": 3},
                "Unit": "Count",
            },
        ],
    )
    for _ in range(2):
        assert statistics(server, GROUP, "loss", dimensions) == [0.5]
        assert statistics(server, GROUP, "loss", [{"Name": "TrainingJobName", "Value": "other"}]) == []
        assert statistics(server, "mine", "one", []) == [1.5]
        assert statistics(server, "mine", "many", [], "Sum") == [6.0]
        server.restart()
