"""Process data with the SageMaker Python SDK's processors as they come: IMAGE FOLDER.

FOLDER holds process.py, helper.py that it imports, and rows/. Runs in an environment of its own; what it needs to know
stands in environment variables."""

import json
import os
import sys
from pathlib import Path

import sagemaker
from sagemaker.network import NetworkConfig
from sagemaker.processing import (
    FrameworkProcessor,
    ProcessingInput,
    ProcessingJob,
    ProcessingOutput,
    Processor,
    ScriptProcessor,
)
from sagemaker.sklearn.estimator import SKLearn

image, folder = sys.argv[1], Path(sys.argv[2])
aws = sagemaker.Session()
common = {
    "image_uri": image,
    "role": os.environ["SAGEMAKER_ROLE"],
    "instance_type": "ml.m5.large",
    "sagemaker_session": aws,
    "env": {"GREETING": "hello"},
    "tags": [{"Key": "team", "Value": "data"}],
}
rows = ProcessingInput(
    source=str(folder / "rows"), destination="/opt/ml/processing/input/rows", s3_data_distribution_type="ShardedByS3Key"
)


def outputs() -> list[ProcessingOutput]:
    """New ones: the SDK writes the destination into those that it gets."""
    return [ProcessingOutput(output_name="out", source="/opt/ml/processing/out", s3_upload_mode="Continuous")]


script = ScriptProcessor(**common, command=["python3"], instance_count=2, max_runtime_in_seconds=600)
script.run(
    code=str(folder / "process.py"),
    inputs=[rows],
    outputs=outputs(),
    arguments=["--name", "a b"],
    wait=True,
    logs=False,
)
aws.logs_for_processing_job(script.latest_job.job_name)
found = ProcessingJob.from_processing_name(aws, script.latest_job.job_name)

framework = FrameworkProcessor(
    SKLearn,
    "1.2-1",
    **common,
    instance_count=1,
    command=["python3"],
    network_config=NetworkConfig(enable_network_isolation=True),
)
framework.run(
    code="process.py", source_dir=str(folder), inputs=[rows], outputs=outputs(), arguments=["--import"], logs=False
)

own = Processor(
    **common, instance_count=1, entrypoint=["sh", "-c", "echo no such column > /opt/ml/output/message; exit 3"]
)
try:
    own.run(logs=False)
    failure = None
except sagemaker.exceptions.UnexpectedStatusException as error:
    failure = str(error)

endless = Processor(**common, instance_count=1, entrypoint=["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"])
endless.run(wait=False, logs=False)
endless.latest_job.stop()
endless.latest_job.wait(logs=False)


def stored(job) -> dict[str, str]:
    uri = job.outputs[0].destination
    names = sagemaker.s3.S3Downloader.list(uri, sagemaker_session=aws)
    return {name.removeprefix(f"{uri}/"): sagemaker.s3.S3Downloader.read_file(name, aws) for name in names}


print(
    "RESULT",
    json.dumps(
        {
            "script": stored(script.latest_job),
            "found": [found.job_name, found.inputs[0].destination, found.outputs[0].destination],
            "job": script.latest_job.job_name,
            "framework": stored(framework.latest_job),
            "failure": failure,
            "message": own.latest_job.describe()["ExitMessage"],
            "stopped": endless.latest_job.describe()["ProcessingJobStatus"],
        }
    ),
)
