"""What goes into a training container, and what comes out of it."""

import io
import json
import tarfile

import pytest


def names_in(local, key):
    with tarfile.open(fileobj=io.BytesIO(local.read(key))) as archive:
        return sorted(archive.getnames())


@pytest.fixture
def data(local, request):
    """Five objects below a prefix of the test's own."""
    prefix = f"data/{request.node.name}"
    for number in range(5):
        local.put(f"{prefix}/class {number % 2}/ü{number}.txt", b"%d\n" % number)
    return local.uri(prefix)


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_objects_of_the_local_s3_are_files_of_the_channel(jobs, data, mode):
    script = (
        "cd /opt/ml/input/data/train && find . -type f | sort && cat */*0.txt && "
        "cat /opt/ml/input/config/inputdataconfig.json"
    )
    job = jobs.run(
        script,
        channels={
            "train": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}}, "InputMode": mode}
        },
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    *files, zero, config = jobs.log(job["TrainingJobName"]).splitlines()
    assert files == ["./class 0/ü0.txt", "./class 0/ü2.txt", "./class 0/ü4.txt", "./class 1/ü1.txt", "./class 1/ü3.txt"]
    assert zero == "0"
    assert json.loads(config)["train"]["TrainingInputMode"] == "File"


def test_a_folder_of_this_machine_is_mounted_without_a_copy(jobs, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.txt").write_text("a")
    inode = (tmp_path / "pictures/a.txt").stat().st_ino
    job = jobs.run(
        "stat -c %i /opt/ml/input/data/train/a.txt", channels={"train": {"S3Uri": (tmp_path / "pictures").as_uri()}}
    )
    assert jobs.log(job["TrainingJobName"]) == str(inode)


def test_links_that_lead_out_of_a_mounted_folder_are_named_in_the_log(jobs, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.txt").write_text("a")
    (tmp_path / "pictures/Beagle").symlink_to(tmp_path / "elsewhere")
    job = jobs.run("ls /opt/ml/input/data/train", channels={"train": {"S3Uri": (tmp_path / "pictures").as_uri()}})
    note, *listed = jobs.log(job["TrainingJobName"]).splitlines()
    assert note.startswith("Channel train: links in ") and "lead nowhere in the container (Beagle)" in note
    assert listed == ["Beagle", "a.txt"]


def test_pipe_mode_streams_the_objects_once_an_epoch(jobs, data):
    script = "cd /opt/ml/input/data; cat train_0; cat train_1 | wc -c"
    job = jobs.run(
        script,
        channels={
            "train": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}}, "InputMode": "Pipe"}
        },
    )
    assert jobs.log(job["TrainingJobName"]).splitlines() == ["0", "2", "4", "1", "3", "10"]


def test_pipe_mode_streams_what_the_job_started_with(jobs, local, data):
    script = "cd /opt/ml/input/data; cat train_0; touch mine 2>/dev/null && echo written; sleep 1.5; cat train_1"
    name = jobs.start(
        script,
        channels={
            "train": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}}, "InputMode": "Pipe"}
        },
    )
    jobs.until_printed(name, "3")
    key = data.removeprefix(f"s3://{local.address.bucket}/")
    local.client("s3").delete_object(Bucket=local.address.bucket, Key=f"{key}/class 0/ü2.txt")
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    assert jobs.log(name).split() == ["0", "2", "4", "1", "3"] * 2


def test_the_log_is_whole_without_an_end_of_its_last_line_and_whatever_its_bytes_are(jobs):
    job = jobs.run(r"head -c 600000 /dev/zero | tr '\0' x; echo; printf '\377\n\n'; printf last")
    first, *rest = jobs.log(job["TrainingJobName"]).splitlines()
    assert "".join([first, *rest[:-3]]) == "x" * 600_000
    assert rest[-3:] == ["\ufffd", "", "last"]


def test_a_manifest_picks_its_objects(jobs, local, data):
    manifest = local.put(
        "manifests/m", json.dumps([{"prefix": f"{data}/"}, "class 1/ü3.txt", "class 0/ü0.txt"]).encode()
    )
    script = "cd /opt/ml/input/data/train; find . -type f | sort"
    job = jobs.run(script, channels={"train": {"S3DataType": "ManifestFile", "S3Uri": manifest}})
    assert jobs.log(job["TrainingJobName"]).splitlines() == ["./class 0/ü0.txt", "./class 1/ü3.txt"]


def test_a_running_job_keeps_the_data_that_it_started_with(jobs, local, data):
    name = jobs.start(
        "echo ready; while [ ! -e /tmp/on ]; do sleep 0.1; n=$((n+1)); [ $n -lt 25 ] || break; done; cat "
        "'/opt/ml/input/data/train/class 0/ü0.txt'",
        channels={"train": {"S3Uri": data}},
    )
    jobs.until_printed(name, "ready")
    local.put(data.removeprefix(f"s3://{local.address.bucket}/") + "/class 0/ü0.txt", b"changed\n")
    jobs.ended(name)
    assert jobs.log(name).splitlines() == ["ready", "0"]


def test_model_and_output_are_packed_where_describe_says(jobs, local):
    job = jobs.run("mkdir /opt/ml/model/code; echo m > /opt/ml/model/code/m.py; echo o > /opt/ml/output/data/o.json")
    name = job["TrainingJobName"]
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == local.uri(f"jobs/{name}/output/model.tar.gz")
    assert names_in(local, f"jobs/{name}/output/model.tar.gz") == ["code", "code/m.py"]
    assert names_in(local, f"jobs/{name}/output/output.tar.gz") == ["o.json"]


def test_without_compression_the_files_themselves_are_uploaded(jobs, local):
    job = jobs.run(
        "echo m > /opt/ml/model/m", OutputDataConfig={"S3OutputPath": local.uri("plain"), "CompressionType": "NONE"}
    )
    assert local.keys(f"plain/{job['TrainingJobName']}/") == [f"plain/{job['TrainingJobName']}/output/model/m"]
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == local.uri(f"plain/{job['TrainingJobName']}/output/model")


def test_output_may_go_to_a_folder_of_this_machine_as_the_users_own_file(jobs, tmp_path):
    job = jobs.run("echo m > /opt/ml/model/m", OutputDataConfig={"S3OutputPath": (tmp_path / "out").as_uri()})
    archive = tmp_path / "out" / job["TrainingJobName"] / "output/model.tar.gz"
    assert archive.is_file() and archive.stat().st_uid == tmp_path.stat().st_uid


def test_a_link_in_the_model_fails_the_job_as_on_aws(jobs):
    job = jobs.run("ln -s /etc/passwd /opt/ml/model/link")
    assert job["TrainingJobStatus"] == "Failed" and "/opt/ml/model/link is a link" in job["FailureReason"]


def test_metrics_are_read_from_the_log_into_describe_and_cloudwatch(jobs, local):
    request = jobs.request("echo 'epoch=1 loss=0.5'; echo 'epoch=2 loss=0.25'; echo 'accuracy=0.75' >&2")
    request["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "train:loss", "Regex": r"loss=([0-9.]+)"},
        {"Name": "accuracy", "Regex": r"accuracy=([0-9.]+)"},
    ]
    jobs.api.create_training_job(**request)
    job = jobs.ended(request["TrainingJobName"])
    assert {one["MetricName"]: one["Value"] for one in job["FinalMetricDataList"]} == {
        "train:loss": 0.25,
        "accuracy": 0.75,
    }
    found = local.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="train:loss",
        Period=60,
        Statistics=["Minimum", "Maximum"],
        Dimensions=[{"Name": "TrainingJobName", "Value": job["TrainingJobName"]}],
        StartTime=job["CreationTime"].timestamp() - 60,
        EndTime=job["TrainingEndTime"].timestamp() + 60,
    )["Datapoints"]
    assert min(point["Minimum"] for point in found) == 0.25 and max(point["Maximum"] for point in found) == 0.5


def test_a_metric_that_is_no_number_or_takes_for_ever_costs_only_itself(jobs):
    request = jobs.request("echo loss=nan; echo loss=0.5; echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    request["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "loss", "Regex": r"loss=(\S+)"},
        {"Name": "slow", "Regex": "(a+)+b"},
    ]
    jobs.api.create_training_job(**request)
    job = jobs.ended(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed"
    assert [(one["MetricName"], one["Value"]) for one in job["FinalMetricDataList"]] == [("loss", 0.5)]
    assert "The regex of metric slow is too slow" in jobs.log(job["TrainingJobName"])


def test_debugger_and_profiler_files_are_written_and_their_folders_kept(jobs, local):
    script = (
        "cd /opt/ml; ls input/config; mkdir -p output/tensors/events; echo t > output/tensors/events/1; echo p > "
        "output/profiler/x"
    )
    hook = {"S3OutputPath": local.uri("debug"), "CollectionConfigurations": [{"CollectionName": "losses"}]}
    job = jobs.run(script, DebugHookConfig=hook, ProfilerConfig={"S3OutputPath": local.uri("profile")})
    name = job["TrainingJobName"]
    assert {"debughookconfig.json", "profilerconfig.json"} <= set(jobs.log(name).split())
    assert local.keys(f"debug/{name}/") == [f"debug/{name}/debug-output/events/1"]
    assert local.keys(f"profile/{name}/") == [f"profile/{name}/profiler-output/x"]


def test_a_rule_has_the_status_that_the_program_found_and_others_are_errors_not_passed_over(jobs, local):
    rules = [
        {"RuleConfigurationName": f"my-{name}", "RuleEvaluatorImage": "x", "RuleParameters": {"rule_to_invoke": name}}
        for name in ("Overfit", "DeadRelu", "VanishingGradient")
    ]
    results = (
        '{"rules": [{"name": "Overfit", "status": "IssuesFound", "sentence": "It overfits."}, {"name": '
        '"DeadRelu", "status": "NoIssuesFound"}]}'
    )
    job = jobs.run(
        f"echo '{results}' > /opt/ml/output/data/rules.json",
        DebugRuleConfigurations=rules,
        ProfilerRuleConfigurations=rules[2:],
    )
    found = {
        one["RuleConfigurationName"]: (one["RuleEvaluationStatus"], one.get("StatusDetails", ""))
        for one in job["DebugRuleEvaluationStatuses"]
    }
    assert found["my-Overfit"] == ("IssuesFound", "It overfits.") and found["my-DeadRelu"] == ("NoIssuesFound", "")
    assert (
        found["my-VanishingGradient"][0] == "Error" and "does not run rule images" in found["my-VanishingGradient"][1]
    )
    assert job["ProfilerRuleEvaluationStatuses"][0]["RuleEvaluationStatus"] == "Error"


def test_environment_and_arguments_reach_the_container(jobs):
    request = jobs.request('echo "$TRAINING_JOB_NAME $MINE $1 $2"', Environment={"MINE": "yes"})
    request["AlgorithmSpecification"]["ContainerArguments"] = ["--epochs", "3"]
    jobs.api.create_training_job(**request)
    name = jobs.ended(request["TrainingJobName"])["TrainingJobName"]
    assert jobs.log(name) == f"{name} yes --epochs 3"


def test_an_isolated_job_has_no_network(jobs):
    job = jobs.run("ls /sys/class/net; getent hosts algo-1", EnableNetworkIsolation=True)
    assert jobs.log(job["TrainingJobName"]).split() == ["lo", "127.0.0.1", "algo-1"]
