"""What the program of a job reaches from its container: the AWS services that are here, as its role, while the job
runs; nothing of this machine.
"""

import io
import json
import tarfile

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

PROGRAM = """
import json, os, socket, boto3
from botocore.exceptions import ClientError

def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]

host, bucket = socket.gethostname(), os.environ["BUCKET"]
s3 = boto3.client("s3")
s3.put_object(Bucket=bucket, Key=f"inside/{os.environ['TRAINING_JOB_NAME']}/{host}", Body=b"from " + host.encode())
other = {
    "TrainingJobName": "never", "RoleArn": os.environ["ROLE"],
    "AlgorithmSpecification": {"TrainingImage": "any", "TrainingInputMode": "File"},
    "InputDataConfig": [{"ChannelName": "all", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "file:///tmp"}}}],
    "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out"}, "StoppingCondition": {},
    "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
}
print(json.dumps({
    "read": s3.get_object(Bucket=bucket, Key="inside/given")["Body"].read().decode(),
    "identity": boto3.client("sts").get_caller_identity()["Arn"],
    "region": boto3.session.Session().region_name,
    "role": boto3.client("iam").get_role(RoleName="local-sagemaker")["Role"]["RoleName"],
    "groups": boto3.client("logs").describe_log_groups(logGroupNamePrefix="/none")["logGroups"],
    "me": boto3.client("sagemaker").describe_training_job(
        TrainingJobName=os.environ["TRAINING_JOB_NAME"])["TrainingJobStatus"],
    "file of the machine": code(lambda: boto3.client("sagemaker").create_training_job(**other)),
    "key": [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")],
}), flush=True)
"""


def in_python(program: str) -> str:
    return f"cat > /tmp/program.py <<'END'\n{program}\nEND\npython /tmp/program.py\n"


@pytest.mark.parametrize("instances", [1, 2])
def test_a_program_reaches_s3_and_the_rest_as_its_role_until_its_job_ends(jobs, local, instances):
    local.put("inside/given", b"an object")
    environment = {"BUCKET": local.address.bucket, "ROLE": local.address.role}
    job = jobs.run(in_python(PROGRAM), instances=instances, Environment=environment)
    log = jobs.log(job["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed", log
    found = [json.loads(line) for line in log.splitlines()]
    assert len(found) == instances
    for one in found:
        id, secret, token = one.pop("key")
        assert one == {
            "read": "an object",
            "identity": "arn:aws:sts::123456789012:assumed-role/local-sagemaker/SageMaker",
            "region": "us-east-1",
            "role": "local-sagemaker",
            "groups": [],
            "me": "InProgress",
            "file of the machine": "AccessDeniedException",
        }
        late = boto3.client(
            "s3",
            endpoint_url=local.address.url,
            region_name="us-east-1",
            aws_access_key_id=id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            late.list_buckets()
    prefix = f"inside/{job['TrainingJobName']}/"
    assert {key: local.read(key) for key in local.keys(prefix)} == {
        f"{prefix}algo-{n}": b"from algo-%d" % n for n in range(1, instances + 1)
    }


@pytest.mark.parametrize("instances", [1, 2])
def test_an_isolated_program_has_nothing_of_it(jobs, instances):
    job = jobs.run("env | grep -E '^(AWS|S3)_' || echo none", instances=instances, EnableNetworkIsolation=True)
    assert jobs.log(job["TrainingJobName"]).split() == ["none"] * instances


def test_who_brings_credentials_keeps_them_and_gets_no_address(jobs):
    given = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "mine"}
    job = jobs.run("env | grep -E '^(AWS|S3)_' | sort", Environment=given)
    assert jobs.log(job["TrainingJobName"]).split() == ["AWS_ACCESS_KEY_ID=AKIAMINE", "AWS_SECRET_ACCESS_KEY=mine"]


def test_script_mode_takes_its_sources_from_s3(jobs, local, train_image):
    """What the SDK's Estimator(entry_point=, source_dir=) asks for, with our train image."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in {
            "mine.py": "import helper, sys\nprint('mine', helper.X, *sys.argv[1:])\n",
            "helper.py": "X = 'helped'\n",
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    uri = local.put("sources/sourcedir.tar.gz", buffer.getvalue())
    hyperparameters = {
        "sagemaker_program": '"mine.py"',
        "sagemaker_submit_directory": json.dumps(uri),
        "sagemaker_region": '"us-east-1"',
        "rate": "0.5",
    }
    algorithm = {"TrainingImage": train_image, "TrainingInputMode": "File"}
    job = jobs.run("", AlgorithmSpecification=algorithm, HyperParameters=hyperparameters)
    log = jobs.log(job["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed" and "mine helped --rate 0.5" in log, log
