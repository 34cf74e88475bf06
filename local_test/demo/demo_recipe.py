"""What the demo trains with: from scratch, on two cores, in minutes. docs/benchmarks.md says what each reaches."""

import math

SAMPLE_RECIPE = {
    "arch": "resnet18",
    "pretrained": "none",
    "image-size": "64",
    "epochs": "14",
    "warmup-epochs": "1",
    "min-crop": "0.8",
    "label-smoothing": "0",
}
PHOTOGRAPH_RECIPE = {"arch": "resnet18", "pretrained": "none", "image-size": "80", "warmup-epochs": "2"}
PHOTOGRAPH_VIEWS = 38_000  # ten minutes on two cores
# The search before it: short trials that rise to their rate at once, around what is known to do well.
RANGES = ("lr=0.001..0.003:log", "batch-size=16,32")
TRIAL_RECIPE = {"warmup-epochs": "0"}
TRIAL_VIEWS = 1_200
SEARCH = {"SAGEMAKER_TUNE_MAX_JOBS": "4", "SAGEMAKER_TUNE_PARALLEL": "2", "SAGEMAKER_TUNE_SEED": "0"}


def epochs_for(pictures: int, views: int, most: int = 200) -> int:
    """As many epochs as show about `views` pictures: the demo's time then does not depend on the data set's size."""
    return max(1, min(most, math.ceil(views / pictures)))
