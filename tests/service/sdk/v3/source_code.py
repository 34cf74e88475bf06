"""Run programs of one's own with SDK 3's ModelTrainer as it comes: IMAGE FOLDER.

FOLDER holds train.py, requirements.txt and what they need. The role is one of another account. Runs in an environment
of its own; what it needs to know stands in environment variables."""

import json
import sys

from sagemaker.train.configs import Compute, SourceCode
from sagemaker.train.distributed import Torchrun
from sagemaker.train.model_trainer import ModelTrainer

image, folder = sys.argv[1:]


def model_of(source_code: SourceCode, instances: int = 1, **options) -> str:
    """URI of the model that a job writes."""
    trainer = ModelTrainer(
        training_image=image,
        role="arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole",
        source_code=source_code,
        compute=Compute(instance_type="ml.g4dn.xlarge", instance_count=instances),
        hyperparameters={"rate": 0.5, "name": "a b"},
        base_job_name="sdk3-code",
        **options,
    )
    trainer.train(logs=False)
    return trainer._latest_training_job.model_artifacts.s3_model_artifacts


script = SourceCode(source_dir=folder, entry_script="train.py", requirements="requirements.txt")
models = {
    "script": model_of(script),
    "command": model_of(SourceCode(source_dir=folder, command="python3 train.py --by command")),
    "torchrun": model_of(SourceCode(source_dir=folder, entry_script="train.py"), 2, distributed=Torchrun()),
}
print("RESULT", json.dumps(models))
