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
RANGES = ("lr=0.0005..0.002:log", "batch-size=64,128")
SEARCH = {"SAGEMAKER_TUNE_MAX_JOBS": "4", "SAGEMAKER_TUNE_PARALLEL": "2", "SAGEMAKER_TUNE_SEED": "0"}
PHOTOGRAPH_VIEWS, SAMPLE_VIEWS = 3, 1  # of each training picture; the breeds that are drawn are easily told apart
MOST_VIEWS = 12_000  # of all pictures: two cores take them through the network in two minutes
SHOWN, FEWEST_EPOCHS, MOST_EPOCHS = 12_700, 5, 100  # pictures in all epochs together


def recipe_for(pictures: int, views: int) -> dict[str, str]:
    """Hyperparameters for so many training pictures, with so many views of each where there are not too many pictures:
    the demo's time grows little with the data set.
    """
    return {
        **RECIPE,
        "feature-views": str(max(1, min(views, MOST_VIEWS // pictures))),
        "epochs": str(max(FEWEST_EPOCHS, min(MOST_EPOCHS, math.ceil(SHOWN / pictures)))),
    }
