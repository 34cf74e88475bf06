"""Deploy a model with functions of one's own by SDK 3's ModelBuilder as it comes: SERVE_IMAGE MODEL_DATA FOLDER.

FOLDER holds inference.py, which the SDK packs into the model. Runs in an environment of its own; what it needs to know
stands in environment variables."""

import io
import json
import sys

import numpy
from sagemaker.core.training.configs import SourceCode
from sagemaker.serve.model_builder import ModelBuilder

serve_image, model_data, folder = sys.argv[1:]
builder = ModelBuilder(
    image_uri=serve_image,
    s3_model_data_url=model_data,
    source_code=SourceCode(source_dir=folder, entry_script="inference.py"),
    instance_type="ml.m5.large",
)
builder.build(model_name="sdk3-own-functions")
endpoint = builder.deploy(endpoint_name="sdk3-own-functions")
body = io.BytesIO()
numpy.save(body, numpy.array([[1.0, 2.0]], dtype="float32"))
answer = endpoint.invoke(body=body.getvalue(), content_type="application/x-npy", accept="application/json")
result = json.loads(answer.body.read())
endpoint.delete()
print("RESULT", json.dumps(result))
