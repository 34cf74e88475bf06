"""Process data with SDK 3's processors as they come: IMAGE FOLDER INPUT OUTPUT, the last two S3 URIs of folders.

FOLDER holds process.py and helper.py that it imports. Runs in an environment of its own; what it needs to know stands
in environment variables. No role is given: the SDK finds one."""

import json
import sys

from sagemaker.core.processing import FrameworkProcessor, ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output

image, folder, given, output = sys.argv[1:]
common = {"image_uri": image, "instance_type": "ml.m5.large", "instance_count": 1, "env": {"GREETING": "hello"}}
rows = ProcessingS3Input(
    s3_uri=given, s3_data_type="S3Prefix", local_path="/opt/ml/processing/input/rows", s3_input_mode="File"
)


def written(name: str) -> list[ProcessingOutput]:
    uri = ProcessingS3Output(s3_uri=f"{output}/{name}", local_path="/opt/ml/processing/out", s3_upload_mode="EndOfJob")
    return [ProcessingOutput(output_name="out", s3_output=uri)]


script = ScriptProcessor(**common, command=["python3"])
script.run(
    code=f"{folder}/process.py",
    inputs=[ProcessingInput(input_name="rows", s3_input=rows)],
    outputs=written("script"),
    arguments=["--name", "a b"],
    logs=False,
)
framework = FrameworkProcessor(**common, command=["python3"])
framework.run(
    code="process.py",
    source_dir=folder,
    inputs=[ProcessingInput(input_name="rows", s3_input=rows)],
    outputs=written("framework"),
    arguments=["--import"],
    logs=False,
)
print("RESULT", json.dumps([one.latest_job.refresh().processing_job_status for one in (script, framework)]))
