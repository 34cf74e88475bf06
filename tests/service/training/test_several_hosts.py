"""Jobs of several instances: a network of their own, shards of the data, one merged model, one end."""

import io
import tarfile

import pytest


@pytest.mark.parametrize("isolated", [False, True])
def test_hosts_find_each_other_share_the_data_out_and_leave_one_model(jobs, local, isolated):
    for number in range(5):
        local.put(f"shards/{number}.txt", b"x")
    script = """set -e
until getent hosts algo-1 >/dev/null && getent hosts algo-2 >/dev/null; do sleep 0.1; done
ls /opt/ml/input/data/train | sed "s/^/$(hostname) /"
python -c "import socket; socket.create_connection(('1.1.1.1', 80), timeout=2)" 2>/dev/null \\
    && echo "$(hostname) outside" || true
echo x > /opt/ml/model/$(hostname)
"""
    source = {"S3Uri": local.uri("shards/"), "S3DataDistributionType": "ShardedByS3Key"}
    job = jobs.run(script, instances=2, channels={"train": source}, EnableNetworkIsolation=isolated)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    printed = sorted(jobs.log(job["TrainingJobName"]).splitlines())
    if isolated:
        assert "algo-1 outside" not in printed
    assert [line for line in printed if "outside" not in line] == [
        "algo-1 0.txt",
        "algo-1 2.txt",
        "algo-1 4.txt",
        "algo-2 1.txt",
        "algo-2 3.txt",
    ]
    with tarfile.open(fileobj=io.BytesIO(local.read(f"jobs/{job['TrainingJobName']}/output/model.tar.gz"))) as archive:
        assert sorted(archive.getnames()) == ["algo-1", "algo-2"]
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"]  # of one instance, as AWS tells it


def test_a_host_that_fails_ends_the_job_with_its_reason_not_in_a_hang(jobs):
    script = """if [ $(hostname) = algo-2 ]; then echo 'algo-2 lost its data' > /opt/ml/output/failure; exit 3; fi
trap 'echo told to end; exit 0' TERM
while :; do sleep 0.1 & wait $!; done
"""
    job = jobs.run(script, instances=2)
    assert (job["TrainingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: algo-2 lost its data\n, exit code: 3",
    )
    assert "told to end" in jobs.log(job["TrainingJobName"])


def test_networks_are_gone_when_jobs_are(jobs, engine):
    name = jobs.start("trap 'exit 0' TERM; echo started; while :; do sleep 0.1 & wait $!; done", instances=2)
    jobs.until_printed(name, "started")
    assert len(jobs.networks(engine, name)) == 1
    jobs.api.stop_training_job(TrainingJobName=name)
    jobs.ended(name)
    assert jobs.networks(engine, name) == []
