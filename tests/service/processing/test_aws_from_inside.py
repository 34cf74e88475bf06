"""What the program of a processing job reaches from its container: the AWS services that are here, as its role."""

import json

import pytest

PROGRAM = """
import json, os, socket, boto3
s3, bucket = boto3.client("s3"), os.environ["BUCKET"]
s3.put_object(Bucket=bucket, Key=f"from-inside/{socket.gethostname()}", Body=b"stored")
me = json.load(open("/opt/ml/config/processingjobconfig.json"))["ProcessingJobName"]
print(json.dumps({
    "identity": boto3.client("sts").get_caller_identity()["Arn"],
    "region": boto3.session.Session().region_name,
    "me": boto3.client("sagemaker").describe_processing_job(ProcessingJobName=me)["ProcessingJobStatus"],
}), flush=True)
"""


@pytest.mark.parametrize("instances", [1, 2])
def test_a_program_reaches_s3_and_its_own_job_as_its_role(jobs, local, instances):
    script = f"cat > /tmp/program.py <<'END'\n{PROGRAM}\nEND\npython /tmp/program.py\n"
    job = jobs.run(script, instances=instances, Environment={"BUCKET": local.address.bucket})
    log = jobs.log(job["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Completed", log
    found = [json.loads(line) for line in log.splitlines()]
    assert len(found) == instances
    for one in found:
        assert one["identity"].startswith("arn:aws:sts::123456789012:assumed-role/local-sagemaker/")
        assert one["region"] == local.address.region and one["me"] == "InProgress"
    hosts = [f"from-inside/algo-{number + 1}" for number in range(instances)]
    assert set(hosts) <= set(local.keys("from-inside/"))
