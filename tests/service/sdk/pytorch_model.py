"""Deploy a model with functions of its own, and none for bodies, with the SageMaker Python SDK's PyTorchModel as it
comes: SERVE_IMAGE MODEL_DATA.

The SDK's predictor sends and reads NPY. No role is given: the SDK finds one. Runs in an environment of its own; what it
needs to know stands in environment variables."""

import json
import sys

import numpy
import sagemaker
from sagemaker.pytorch import PyTorchModel

serve_image, model_data = sys.argv[1:]
aws = sagemaker.Session()
model = PyTorchModel(
    image_uri=serve_image,
    model_data=model_data,
    sagemaker_session=aws,
    framework_version="2.10",
    py_version="py311",
)
predictor = model.deploy(initial_instance_count=1, instance_type="ml.m5.large")
answer = predictor.predict(numpy.array([[1.0, 2.0, 3.0]], dtype="float32"))
predictor.delete_model()
predictor.delete_endpoint()
print("RESULT", json.dumps({"type": type(answer).__name__, "dtype": str(answer.dtype), "answer": answer.tolist()}))
