"""Train, deploy, predict and delete with the SageMaker Python SDK as it comes: TRAIN_IMAGE SERVE_IMAGE DATA.

Runs in an environment of its own; what it needs to know of the local SageMaker stands in environment variables.
"""

import json
import os
import sys
from pathlib import Path

import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.estimator import Estimator
from sagemaker.serializers import IdentitySerializer

train_image, serve_image, data = sys.argv[1:]
aws = sagemaker.Session()
uploaded = aws.upload_data(data, key_prefix="sdk/data")
estimator = Estimator(
    image_uri=train_image,
    role=os.environ["SAGEMAKER_ROLE"],
    instance_count=1,
    instance_type="ml.g4dn.xlarge",
    sagemaker_session=aws,
    hyperparameters={
        "arch": "shufflenet_v2_x0_5",
        "pretrained": "none",
        "image-size": 32,
        "epochs": 1,
        "batch-size": 8,
    },
    metric_definitions=[{"Name": "valid_loss", "Regex": r"valid_loss=(\S+)"}],
)
estimator.fit({split: f"{uploaded}/{split}" for split in ("train", "valid", "test")})
predictor = estimator.deploy(
    initial_instance_count=1,
    instance_type="ml.g4dn.xlarge",
    image_uri=serve_image,
    serializer=IdentitySerializer("image/jpeg"),
    deserializer=JSONDeserializer(),
)
picture = sorted(Path(data).glob("test/*/*.jpg"))[0]
answer = predictor.predict(picture.read_bytes())
predictor.delete_model()
predictor.delete_endpoint()
print(
    "RESULT", json.dumps({"job": estimator.latest_training_job.name, "model": estimator.model_data, "answer": answer})
)
