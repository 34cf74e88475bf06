"""What the demo trains with: a new head on the ImageNet weights that are in the train image. Nothing is downloaded, and
two cores need minutes. docs/benchmarks.md says what it reaches.
"""

import math

from contract.hyperparameters import EMBEDDED_ARCH

ORIGIN = (
    "The model began with ImageNet's weights of EfficientNet-Lite0, which are in the train image; its head was trained "
    "here."
)
OVERLAP = (
    "Pictures that are ImageNet's own, as those of Stanford Dogs are, have trained those weights already: of them it "
    "names more than of new ones."
)
RECIPE = {"arch": EMBEDDED_ARCH, "freeze-backbone": "true"}
# The search around what is known to do well. Neither changes the features, so that the trials share them.
RANGES = ("lr=0.0003..0.003:log", "batch-size=32,64")
SEARCH = {"SAGEMAKER_TUNE_MAX_JOBS": "4", "SAGEMAKER_TUNE_PARALLEL": "2", "SAGEMAKER_TUNE_SEED": "0"}
VIEWS, MOST_VIEWS = 3, 12_000  # of each picture; of all, which two cores take through the network in two minutes
SHOWN, EPOCHS = 38_000, (10, 60)  # pictures in all epochs; the fewest and the most epochs


def recipe_for(pictures: int) -> dict[str, str]:
    """Hyperparameters for so many training pictures. The more there are, the fewer views and epochs: the demo's time
    grows little with the data set.
    """
    fewest, most = EPOCHS
    return {
        **RECIPE,
        "feature-views": str(max(1, min(VIEWS, MOST_VIEWS // pictures))),
        "epochs": str(max(fewest, min(most, math.ceil(SHOWN / pictures)))),
    }
