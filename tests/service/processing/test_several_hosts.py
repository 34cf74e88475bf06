"""Processing jobs of several instances: a network of their own, shards of the data, one end."""

import pytest

from tests.host_listener import HostListener
from tests.service.processing.conftest import UNTIL_TOLD
from tests.service.training.test_isolation import script as probing


@pytest.mark.parametrize("isolated", [False, True])
def test_hosts_find_each_other_share_the_data_out_and_store_in_one_place(jobs, local, isolated):
    for number in range(5):
        local.put(f"shards/{number}.txt", b"%d" % number)
    script = """set -e
until getent hosts algo-1 >/dev/null && getent hosts algo-2 >/dev/null; do sleep 0.1; done
cd /opt/ml/processing
for file in shards/*; do cp $file out/$(hostname)-$(basename $file); done
ls whole | wc -l > out/$(hostname)-whole
printf "%s " $(hostname) > /opt/ml/output/message
cat /opt/ml/config/resourceconfig.json
"""
    inputs = {
        "shards": {"S3Uri": local.uri("shards/"), "S3DataDistributionType": "ShardedByS3Key"},
        "whole": local.uri("shards/"),
    }
    job = jobs.run(
        script,
        instances=2,
        inputs=inputs,
        outputs={"out": "EndOfJob"},
        NetworkConfig={"EnableNetworkIsolation": isolated},
    )
    name = job["ProcessingJobName"]
    assert job["ProcessingJobStatus"] == "Completed", (job.get("FailureReason"), jobs.log(name))
    assert [key.removeprefix(f"{name}/out/") for key in local.keys(f"{name}/")] == [
        "algo-1-0.txt",
        "algo-1-2.txt",
        "algo-1-4.txt",
        "algo-1-whole",
        "algo-2-1.txt",
        "algo-2-3.txt",
        "algo-2-whole",
    ]
    assert local.read(f"{name}/out/algo-2-whole").split() == [b"5"]
    assert job["ExitMessage"] == "algo-1 algo-2 "
    assert '"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]' in jobs.log(name)


@pytest.mark.parametrize("instances", [1, 2])
def test_an_isolated_job_reaches_nothing_on_the_host(jobs, instances):
    with HostListener() as listener:
        script = probing(listener, meet=instances > 1) + '[ -z "$AWS_ACCESS_KEY_ID" ] && echo without keys\n'
        job = jobs.run(script, instances=instances, NetworkConfig={"EnableNetworkIsolation": True})
        printed = jobs.log(job["ProcessingJobName"])
        assert job["ProcessingJobStatus"] == "Completed", printed
        assert listener.heard() == []
    assert printed.count("tried ") == printed.count("without keys") == instances
    assert ("met algo-2" in printed) == (instances > 1)


def test_a_host_that_fails_ends_the_job_and_networks_are_gone_when_jobs_are(jobs, engine):
    name = jobs.start(f"[ $(hostname) = algo-2 ] && sleep 2 && exit 3; {UNTIL_TOLD}", instances=2)
    jobs.until_printed(name, "started")
    assert len(jobs.networks(engine, name)) == 1
    job = jobs.ended(name)
    assert (job["ProcessingJobStatus"], job["FailureReason"]) == ("Failed", "AlgorithmError: , exit code: 3")
    assert "told to end" in jobs.log(name)
    assert jobs.networks(engine, name) == []
