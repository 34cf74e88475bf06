"""EnableNetworkIsolation: a container that reaches nothing, except the other instances of its training job.

The platform brings data and models in and takes results out from beside the container, and requests still reach an
endpoint. https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html"""

import re
from collections.abc import Iterable

from contract.hyperparameters import EMBEDDED_ARCH
from contract.value_kinds import unquoted
from scripts.config.settings import Settings
from scripts.console.failure import Failure

WEIGHTS = "pretrained"  # the hyperparameter, and the channel


def training_is_isolated(
    settings: Settings,
    *,
    image: str,
    channels: Iterable[str],
    hyperparameters: dict[str, str],
    tuned: Iterable[str] = (),
    shell: bool = False,
) -> bool:
    """Whether a training job's container has no network, which `auto` means wherever it has nothing to download.

    hyperparameters: as text. tuned: those of which every trial has a value of its own. shell: whether Systems Manager
    is to open one, whose agent in the container must reach it. Raises Failure when the job would be isolated from the
    weights that it has to download."""
    chosen, downloads = settings.train.network_isolation, _downloads_weights(image, channels, hyperparameters, tuned)
    if chosen == "on" and downloads:
        raise Failure(
            "train.network-isolation is on, and the training program would have to download its pretrained weights. "
            "Name a file of them "
            "in train.pretrained, bake one into the image (make build WEIGHTS=path), "
            f"take arch={EMBEDDED_ARCH}, whose weights are in the image, train with pretrained=none, or set it to auto."
        )
    return chosen == "on" or (chosen == "auto" and not downloads and not shell)


def model_is_isolated(settings: Settings, *, serverless: bool) -> bool:
    """Whether a model's container has no network. AWS refuses it for serverless endpoints.

    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    return settings.deploy.network_isolation and not serverless


def _downloads_weights(
    image: str, channels: Iterable[str], hyperparameters: dict[str, str], tuned: Iterable[str]
) -> bool:
    """The training program's own rule: the channel, then the image (whose tag tells of weights that were baked in,
    docker/tag.sh; those of one architecture are always there), then a download.
    """

    def always(name: str, value: str) -> bool:
        return unquoted(hyperparameters.get(name, "")) == value and name not in tuned

    brought = {WEIGHTS, "features"} & set(channels) or re.search(r":[^/:]*-w[0-9a-f]{8}(-|$)", image)
    return not brought and not always("arch", EMBEDDED_ARCH) and not always(WEIGHTS, "none")
