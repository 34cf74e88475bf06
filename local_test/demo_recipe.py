"""What the demo trains with: from scratch, on two cores, in minutes. The README says what each reaches."""

import math

SAMPLE_RECIPE = {
    "arch": "resnet18", "pretrained": "none", "image-size": "64", "epochs": "14", "batch-size": "32", "lr": "0.002",
    "min-crop": "0.8", "label-smoothing": "0", "dropout": "0",
}
PHOTOGRAPH_RECIPE = {
    "arch": "resnet18", "pretrained": "none", "image-size": "80", "batch-size": "32", "lr": "0.002", "warmup-epochs": "2",
}
PHOTOGRAPH_VIEWS = 38_000  # ten to fifteen minutes on two cores


def epochs_for(pictures: int, views: int, most: int = 200) -> int:
    """As many epochs as show about `views` pictures: the demo's time then does not depend on the data set's size."""
    return max(1, min(most, math.ceil(views / pictures)))
