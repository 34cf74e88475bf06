"""Every kind of inference that SDK 3's ModelBuilder has, as it comes: IMAGE MODEL_DATA INPUT OUTPUT.

MODEL_DATA, INPUT and OUTPUT are S3 URIs: of a model.tar.gz, of a folder for the transform job, of one for what is
written. Runs in an environment of its own; what it needs to know stands in environment variables."""

import json
import sys

from sagemaker.core.inference_config import AsyncInferenceConfig, ServerlessInferenceConfig
from sagemaker.core.model_monitor import DataCaptureConfig
from sagemaker.serve.batch_inference.batch_transform_inference_config import BatchTransformInferenceConfig
from sagemaker.serve.model_builder import ModelBuilder

image, model_data, given, output = sys.argv[1:]


def built(name: str) -> ModelBuilder:
    builder = ModelBuilder(
        image_uri=image,
        s3_model_data_url=model_data,
        instance_type="ml.m5.large",
    )
    builder.build(model_name=name)
    return builder


capture = DataCaptureConfig(enable_capture=True, sampling_percentage=100, destination_s3_uri=f"{output}/captured")
real_time = built("sdk3-real-time").deploy(endpoint_name="sdk3-real-time", data_capture_config=capture)
serverless = built("sdk3-serverless").deploy(
    endpoint_name="sdk3-serverless",
    inference_config=ServerlessInferenceConfig(memory_size_in_mb=2048, max_concurrency=1),
)
answers = {}
for endpoint in (real_time, serverless):
    answer = endpoint.invoke(body=b"hello", content_type="text/plain")
    answers[endpoint.endpoint_name] = answer.body.read().decode()

waiting = built("sdk3-async").deploy(
    endpoint_name="sdk3-async", inference_config=AsyncInferenceConfig(output_path=f"{output}/async")
)
answers["sdk3-async"] = waiting.invoke_async(input_location=f"{given}/a.txt", content_type="text/plain").output_location

transformer = built("sdk3-transform").deploy(
    inference_config=BatchTransformInferenceConfig(
        instance_count=1, instance_type="ml.m5.large", output_path=f"{output}/transformed"
    )
)
transformer.transform(data=given, content_type="text/plain", wait=True, logs=False)
print("RESULT", json.dumps(answers))
