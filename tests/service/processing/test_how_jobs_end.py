"""How a processing job ends: its exit codes, its messages, its time limit, a stop, and what is said of it then."""

import pytest
from botocore.exceptions import ClientError

from tests.local_service import until
from tests.service.processing.conftest import GROUP, UNTIL_TOLD

MESSAGE = "printf %s > /opt/ml/output/message; "


def test_the_message_of_the_program_is_told_however_the_job_ends(jobs):
    done = jobs.run(MESSAGE % "'4 rows dropped'")
    assert (done["ProcessingJobStatus"], done["ExitMessage"]) == ("Completed", "4 rows dropped")
    failed = jobs.run(MESSAGE % "'no such column'" + "exit 3")
    assert (failed["ProcessingJobStatus"], failed["ExitMessage"]) == ("Failed", "no such column")
    assert failed["FailureReason"] == "AlgorithmError: , exit code: 3"
    summaries = jobs.api.list_processing_jobs(NameContains=failed["ProcessingJobName"])["ProcessingJobSummaries"]
    [summary] = [one for one in summaries if one["ProcessingJobName"] == failed["ProcessingJobName"]]
    assert (summary["ExitMessage"], summary["FailureReason"]) == (failed["ExitMessage"], failed["FailureReason"])


def test_a_message_that_is_no_text_fails_the_job(jobs):
    job = jobs.run(r"printf '\377' > /opt/ml/output/message")
    assert job["ProcessingJobStatus"] == "Failed" and "ExitMessage" not in job
    assert job["FailureReason"] == "ClientError: /opt/ml/output/message is not UTF-8 text."


def test_a_job_that_is_stopped_is_told_first_and_may_end_in_peace(jobs):
    name = jobs.start(MESSAGE % "'so far'" + UNTIL_TOLD)
    jobs.until_printed(name, "started")
    jobs.api.stop_processing_job(ProcessingJobName=name)
    assert jobs.job(name)["ProcessingJobStatus"] in ("Stopping", "Stopped")
    job = jobs.ended(name)
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Stopped", "so far")
    assert "told to end" in jobs.log(name) and "FailureReason" not in job
    with pytest.raises(ClientError, match="is in status Stopped"):
        jobs.api.stop_processing_job(ProcessingJobName=name)


def test_a_job_that_is_stopped_before_its_program_begins_is_stopped_too(jobs):
    name = jobs.start(UNTIL_TOLD)
    jobs.api.stop_processing_job(ProcessingJobName=name)
    assert jobs.ended(name)["ProcessingJobStatus"] == "Stopped"


def test_a_job_ends_when_its_time_is_over(jobs):
    job = jobs.run(UNTIL_TOLD, seconds=2)
    log = jobs.log(job["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "told to end" in log and "ran longer than its MaxRuntimeInSeconds" in log
    assert (job["ProcessingEndTime"] - job["ProcessingStartTime"]).total_seconds() >= 2


def test_a_program_that_cannot_be_started_fails_the_job(jobs):
    request = jobs.request("")
    request["AppSpecification"]["ContainerEntrypoint"] = ["/no/such/program"]
    jobs.api.create_processing_job(**request)
    job = jobs.ended(request["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: CannotStartContainerError: ")


def test_the_log_streams_are_named_as_on_aws(jobs, local):
    job = jobs.run("echo to stdout; echo to stderr >&2")
    streams = local.client("logs").describe_log_streams(
        logGroupName=GROUP, logStreamNamePrefix=f"{job['ProcessingJobName']}/"
    )["logStreams"]
    [name] = [one["logStreamName"] for one in streams]
    assert name.startswith(f"{job['ProcessingJobName']}/algo-1-") and name.rpartition("-")[2].isdecimal()
    assert sorted(jobs.log(job["ProcessingJobName"]).splitlines()) == ["to stderr", "to stdout"]


def test_a_job_has_tags_and_is_listed_until_it_is_deleted_and_its_name_is_free_again(jobs):
    request = jobs.request("true", Tags=[{"Key": "team", "Value": "data"}])
    name = request["ProcessingJobName"]
    arn = jobs.api.create_processing_job(**request)["ProcessingJobArn"]
    assert arn == jobs.ended(name)["ProcessingJobArn"] and arn.endswith(f":processing-job/{name}")
    assert jobs.api.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "data"}]
    with pytest.raises(jobs.api.exceptions.ResourceInUse, match="already exists"):
        jobs.api.create_processing_job(**request)
    found = jobs.api.list_processing_jobs(StatusEquals="Completed", SortBy="Name")["ProcessingJobSummaries"]
    assert name in [one["ProcessingJobName"] for one in found]
    jobs.api.delete_processing_job(ProcessingJobName=name)
    assert jobs.api.list_tags(ResourceArn=arn)["Tags"] == []
    with pytest.raises(jobs.api.exceptions.ResourceNotFound):
        jobs.api.delete_processing_job(ProcessingJobName=name)
    with pytest.raises(jobs.api.exceptions.ResourceNotFound):
        jobs.api.stop_processing_job(ProcessingJobName=name)
    jobs.api.create_processing_job(**request)
    assert jobs.ended(name)["ProcessingJobStatus"] == "Completed"


def test_a_job_that_runs_is_not_deleted(jobs):
    name = jobs.start(UNTIL_TOLD)
    with pytest.raises(jobs.api.exceptions.ResourceInUse, match="Stop it first"):
        jobs.api.delete_processing_job(ProcessingJobName=name)
    jobs.until_printed(name, "started")
    jobs.api.stop_processing_job(ProcessingJobName=name)
    until(lambda: jobs.job(name)["ProcessingJobStatus"] == "Stopped")
