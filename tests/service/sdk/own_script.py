"""Run a training script of one's own with the SageMaker Python SDK's Estimator and PyTorch as they come: TRAIN_IMAGE
FOLDER.

FOLDER holds train.py and what it imports. Runs in an environment of its own; what it needs to know stands in
environment variables. No role is given: the SDK finds one."""

import json
import sys

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.pytorch import PyTorch

train_image, folder = sys.argv[1:]
common = {
    "image_uri": train_image,
    "instance_count": 1,
    "instance_type": "ml.g4dn.xlarge",
    "sagemaker_session": sagemaker.Session(),
    "entry_point": "train.py",
    "source_dir": folder,
    "hyperparameters": {"rate": 0.5, "name": "a b"},
}
models = {}
for estimator in (Estimator(**common), PyTorch(**common, framework_version="2.10", py_version="py311")):
    estimator.fit()
    models[type(estimator).__name__] = estimator.model_data
print("RESULT", json.dumps(models))
