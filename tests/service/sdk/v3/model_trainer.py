"""Train, deploy, predict and delete with the SageMaker Python SDK 3 as it comes: TRAIN_IMAGE SERVE_IMAGE DATA.

Runs in an environment of its own; what it needs to know of the local SageMaker stands in environment variables. No role
is given: the SDK finds one, and asks IAM whether it may be used.
"""

import json
import os
import sys
from pathlib import Path

from sagemaker.core.shapes import MetricDefinition
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute, InputData
from sagemaker.train.model_trainer import ModelTrainer

os.environ["SAGEMAKER_VALIDATE_ROLE"] = "true"
train_image, serve_image, data = sys.argv[1:]
trainer = ModelTrainer(
    training_image=train_image,
    compute=Compute(instance_type="ml.g4dn.xlarge", instance_count=1),
    hyperparameters={
        "arch": "shufflenet_v2_x0_5",
        "pretrained": "none",
        "image-size": 32,
        "epochs": 1,
        "batch-size": 8,
    },
    base_job_name="sdk3",
).with_metric_definitions([MetricDefinition(name="valid_loss", regex=r"valid_loss=(\S+)")])
trainer.train(
    input_data_config=[
        InputData(channel_name=split, data_source=f"{data}/{split}") for split in ("train", "valid", "test")
    ]
)
job = trainer._latest_training_job
builder = ModelBuilder(
    image_uri=serve_image,
    s3_model_data_url=job.model_artifacts.s3_model_artifacts,
    instance_type="ml.g4dn.xlarge",
)
builder.build(model_name="sdk3-model")
endpoint = builder.deploy(endpoint_name="sdk3-endpoint", initial_instance_count=1)
picture = sorted(Path(data).glob("test/*/*.jpg"))[0]
answer = endpoint.invoke(body=picture.read_bytes(), content_type="image/jpeg", accept="application/json")
result = {"job": job.training_job_name, "answer": json.loads(answer.body.read())}
endpoint.delete()
builder.built_model.delete()
print("RESULT", json.dumps(result))
