"""Process data with the SageMaker Python SDK 3's processors as they come: IMAGE FOLDER.

FOLDER holds process.py, helper.py that it imports, and rows/. Runs in an environment of its own; what it needs to know
stands in environment variables."""

import json
import sys
from pathlib import Path

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.processing import FrameworkProcessor, Processor, ScriptProcessor, logs_for_processing_job
from sagemaker.core.resources import ProcessingJob
from sagemaker.core.s3 import S3Downloader
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.utils.exceptions import FailedStatusError

image, folder = sys.argv[1], Path(sys.argv[2])
aws = Session()
common = {"image_uri": image, "sagemaker_session": aws, "env": {"GREETING": "hello"}}


def rows() -> list[ProcessingInput]:
    """New ones: the SDK writes where it has uploaded them to."""
    source = ProcessingS3Input(
        s3_uri=str(folder / "rows"),
        local_path="/opt/ml/processing/input/rows",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type="ShardedByS3Key",
    )
    return [ProcessingInput(input_name="rows", s3_input=source)]


def outputs(name: str) -> list[ProcessingOutput]:
    uri = f"s3://{aws.default_bucket()}/sdk3-processing/{name}"
    target = ProcessingS3Output(s3_uri=uri, local_path="/opt/ml/processing/out", s3_upload_mode="EndOfJob")
    return [ProcessingOutput(output_name="out", s3_output=target)]


def stored(name: str) -> dict[str, str]:
    uri = outputs(name)[0].s3_output.s3_uri
    names = S3Downloader.list(uri, sagemaker_session=aws)
    return {one.removeprefix(f"{uri}/"): S3Downloader.read_file(one, aws) for one in names}


script = ScriptProcessor(
    **common,
    command=["python3"],
    instance_preferences=[{"InstanceType": "ml.m5.large"}, {"InstanceType": "ml.c5.xlarge"}],
    instance_count=2,
)
script.run(
    code=str(folder / "process.py"), inputs=rows(), outputs=outputs("script"), arguments=["--name", "a b"], logs=False
)
logs_for_processing_job(aws, script.latest_job.processing_job_name)

framework = FrameworkProcessor(**common, instance_type="ml.m5.large", instance_count=1, command=["python3"])
framework.run(
    code="process.py",
    source_dir=str(folder),
    inputs=rows(),
    outputs=outputs("framework"),
    arguments=["--import"],
    logs=False,
)

own = Processor(
    **common,
    instance_type="ml.m5.large",
    instance_count=1,
    entrypoint=["sh", "-c", "echo no such column > /opt/ml/output/message; exit 3"],
)
own.run(wait=False, logs=False)
failed = ProcessingJob.get(own.latest_job.processing_job_name)
try:
    failed.wait(poll=1, logs=True)
    failure = None
except FailedStatusError as error:
    failure = str(error)
print(
    "RESULT",
    json.dumps(
        {
            "job": script.latest_job.processing_job_name,
            "script": stored("script"),
            "framework": stored("framework"),
            "failure": failure,
            "found": [failed.processing_job_status, failed.exit_message],
        }
    ),
)
