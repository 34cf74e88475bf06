"""Tune a program of one's own with SDK 3's tuner as it comes: IMAGE FOLDER, which holds train.py.

Runs in an environment of its own; what it needs to know of the local SageMaker stands in environment variables.
"""

import json
import sys

from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter
from sagemaker.train.configs import Compute, SourceCode
from sagemaker.train.model_trainer import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

image, folder = sys.argv[1:]
trainer = ModelTrainer(
    training_image=image,
    source_code=SourceCode(source_dir=folder, entry_script="train.py"),
    compute=Compute(instance_type="ml.g4dn.xlarge", instance_count=1),
    hyperparameters={"epochs": 2},
    base_job_name="sdk3-trial",
)
tuner = HyperparameterTuner(
    trainer,
    objective_metric_name="valid_accuracy",
    hyperparameter_ranges={
        "lr": ContinuousParameter(0.0001, 0.1, scaling_type="Logarithmic"),
        "depth": CategoricalParameter([2, 4]),
    },
    metric_definitions=[{"Name": "valid_accuracy", "Regex": r"valid_accuracy=(\S+)"}],
    max_jobs=2,
    max_parallel_jobs=1,
    base_tuning_job_name="sdk3",
)
tuner.tune(wait=False)
tuner.wait()
job = tuner.latest_tuning_job.refresh()
print(
    "RESULT",
    json.dumps(
        {
            "tuning_job": job.hyper_parameter_tuning_job_name,
            "status": job.hyper_parameter_tuning_job_status,
            "best": tuner.best_training_job(),
        }
    ),
)
