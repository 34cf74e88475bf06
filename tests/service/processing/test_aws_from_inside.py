"""What the program of a processing job reaches from its container: the AWS services that are here, as its role."""

import json

PROGRAM = """
import json, os, socket, boto3
boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=f"from-inside/{socket.gethostname()}", Body=b"")
identity = boto3.client("sts").get_caller_identity()["Arn"]
print(json.dumps([identity, boto3.session.Session().region_name]), flush=True)
"""


def test_the_programs_of_all_hosts_reach_s3_as_the_jobs_role(jobs, local):
    script = f"cat > /tmp/program.py <<'END'\n{PROGRAM}\nEND\npython /tmp/program.py\n"
    job = jobs.run(script, instances=2, Environment={"BUCKET": local.address.bucket})
    log = jobs.log(job["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Completed", log
    found = [json.loads(line) for line in log.splitlines()]
    assert len(found) == 2
    for identity, region in found:
        assert identity.startswith("arn:aws:sts::123456789012:assumed-role/local-sagemaker/")
        assert region == local.address.region
    assert local.keys("from-inside/") == ["from-inside/algo-1", "from-inside/algo-2"]
