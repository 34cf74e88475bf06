"""A multi-model endpoint and an inference pipeline with the SageMaker Python SDK as it comes: SERVE_IMAGE PREFIX.

PREFIX is where models are, first.tar.gz and second.tar.gz among them. Runs in an environment of its own; what it needs
to know stands in environment variables."""

import json
import sys

import sagemaker
from sagemaker.model import Model
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.pipeline import PipelineModel
from sagemaker.predictor import Predictor

serve_image, prefix = sys.argv[1:]
aws = sagemaker.Session()
INSTANCE = {"initial_instance_count": 1, "instance_type": "ml.m5.large"}

many = MultiDataModel(
    name="sdk-many",
    model_data_prefix=f"{prefix}/",
    image_uri=serve_image,
    sagemaker_session=aws,
    predictor_cls=Predictor,
)
predictor = many.deploy(endpoint_name="sdk-many", **INSTANCE)
many.add_model(f"{prefix}/second.tar.gz", "copied.tar.gz")
answers = [predictor.predict(b"x", target_model=name).decode() for name in ("first.tar.gz", "copied.tar.gz")]
listed = sorted(many.list_models())
predictor.delete_endpoint()

stages = [
    Model(image_uri=serve_image, model_data=f"{prefix}/{name}.tar.gz", sagemaker_session=aws)
    for name in ("first", "second")
]
pipeline = PipelineModel(models=stages, name="sdk-pipeline", sagemaker_session=aws, predictor_cls=Predictor)
predictor = pipeline.deploy(endpoint_name="sdk-pipeline", **INSTANCE)
through_both = predictor.predict(b"x").decode()
predictor.delete_endpoint()
print("RESULT", json.dumps({"answers": answers, "listed": listed, "through both": through_both}))
