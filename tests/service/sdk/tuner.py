"""Tune with the SageMaker Python SDK as it comes, and then once more from what was found: IMAGE CODE, a folder for the
channel `code`.

Runs in an environment of its own; what it needs to know of the local SageMaker stands in environment variables.
"""

import json
import os
import sys

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.tuner import (
    CategoricalParameter,
    ContinuousParameter,
    HyperparameterTuner,
    IntegerParameter,
    WarmStartConfig,
    WarmStartTypes,
)

image, code = sys.argv[1:]
aws = sagemaker.Session()
channels = {"code": aws.upload_data(code, key_prefix="sdk/code")}
estimator = Estimator(
    image_uri=image,
    role=os.environ["SAGEMAKER_ROLE"],
    instance_count=1,
    instance_type="ml.g4dn.xlarge",
    sagemaker_session=aws,
    hyperparameters={"epochs": 2},
)
ranges = {
    "lr": ContinuousParameter(0.0001, 0.1, scaling_type="Logarithmic"),
    "batch-size": CategoricalParameter([32, 64]),
    "depth": IntegerParameter(1, 8),
}
measured = {
    "objective_metric_name": "valid_accuracy",
    "metric_definitions": [{"Name": "valid_accuracy", "Regex": r"valid_accuracy=(\S+)"}],
}
tuner = HyperparameterTuner(
    estimator, hyperparameter_ranges=ranges, max_jobs=3, max_parallel_jobs=2, base_tuning_job_name="sdk", **measured
)
tuner.fit(channels, wait=False)
tuner.wait()
parents = WarmStartConfig(WarmStartTypes.IDENTICAL_DATA_AND_ALGORITHM, {tuner.latest_tuning_job.name})
# The SDK's names have minutes, no seconds: another base makes another name.
again = HyperparameterTuner(
    estimator,
    hyperparameter_ranges=ranges,
    max_jobs=1,
    warm_start_config=parents,
    base_tuning_job_name="sdk-again",
    **measured,
)
again.fit(channels, wait=False)
attached = HyperparameterTuner.attach(tuner.latest_tuning_job.name, sagemaker_session=aws)
columns = ["TrainingJobName", "FinalObjectiveValue", "lr", "batch-size", "depth"]
print(
    "RESULT",
    json.dumps(
        {
            "tuning_job": tuner.latest_tuning_job.name,
            "best": tuner.best_training_job(),
            "best_hyperparameters": tuner.best_estimator().hyperparameters(),
            "attached": [attached.best_training_job(), attached.estimator.instance_type, attached.max_jobs],
            "warm_started": again.latest_tuning_job.name,
            "table": tuner.analytics().dataframe()[columns].to_dict("records"),
        }
    ),
)
