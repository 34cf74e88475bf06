"""EnableNetworkIsolation: wherever a container of ours has nothing to fetch, and never where that would make it
fail.
"""

from pathlib import Path

import pytest

from scripts.config.ranges import Categories
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from scripts.requests.endpoint import model_request
from scripts.requests.network_isolation import training_is_isolated
from scripts.requests.training_job import features_job_request, training_job_request
from scripts.requests.tuning_job import tuning_job_request
from tests.scripts.requests.requested import ROLE, SPLITS, a_training_job, layout, settings
from tests.scripts.service_model import problems

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dogbreed-train:a86989924225"
SCRATCH = {"pretrained": "none"}


def isolated(channels=SPLITS, hyperparameters=SCRATCH, image=IMAGE, tuned=(), **environment):
    return training_is_isolated(
        settings(**environment), image=image, channels=channels, hyperparameters=hyperparameters, tuned=tuned
    )


@pytest.mark.parametrize(
    "what",
    [
        {"hyperparameters": SCRATCH},
        {"hyperparameters": {"pretrained": '"none"'}},
        {"hyperparameters": {}, "channels": {**SPLITS, "pretrained": "s3://b/w/"}},
        {"hyperparameters": {}, "channels": {"features": "s3://b/f/"}},
        {"hyperparameters": {"arch": "timm/tf_efficientnet_lite0"}},
        {"hyperparameters": {"arch": '"timm/tf_efficientnet_lite0"', "pretrained": "auto"}},
        {"hyperparameters": {}, "image": f"{IMAGE}-w12345678"},
        {"hyperparameters": {}, "image": f"{IMAGE}-dirty-w12345678-0123456789ab"},
    ],
)
def test_a_job_that_has_nothing_to_download_is_isolated(what):
    assert isolated(**what) is True
    assert isolated(**what, sagemaker_train_network_isolation="on") is True
    assert isolated(**what, sagemaker_train_network_isolation="off") is False


@pytest.mark.parametrize(
    "what",
    [
        {"hyperparameters": {}},
        {"hyperparameters": {"pretrained": "auto"}},
        {"tuned": ["pretrained"]},
        {"hyperparameters": {"arch": "timm/tf_efficientnet_lite0"}, "tuned": ["arch"]},
        {"hyperparameters": {"arch": "timm/resnet18.a1_in1k"}},
        {"hyperparameters": {}, "image": "host:5055/team-w12345678/dogbreed-train:a86989924225"},
    ],
)
def test_a_job_that_has_to_download_its_weights_keeps_its_network_and_on_is_refused_before_it_costs_anything(what):
    assert isolated(**what) is False
    with pytest.raises(Failure, match=r"would have to download its pretrained weights.*or set it to auto"):
        isolated(**what, sagemaker_train_network_isolation="on")


def test_the_tag_tells_of_weights_in_the_image_as_the_script_of_the_tag_writes_it():
    """docker/tag.sh: -w and 8 hex digits, at the end; the image's id may follow (scripts/aws/image.py)."""
    assert (
        'revision=$revision-w$(git hash-object --no-filters "$weights" | cut -c1-8)'
        in (Path(__file__).parents[3] / "docker/tag.sh").read_text()
    )


@pytest.mark.parametrize("hyperparameters, found", [(SCRATCH, True), ({}, False)])
def test_every_kind_of_job_carries_it(hyperparameters, found):
    common = {"image": IMAGE, "role_arn": ROLE, "channels": SPLITS}
    job = training_job_request(
        settings(), layout(), name="dogbreed-train-x", region="eu-west-1", hyperparameters=hyperparameters, **common
    )
    features = features_job_request(
        settings(), layout(), name="dogbreed-features-x", static=hyperparameters, output="s3://b/f", **common
    )
    tuning = tuning_job_request(
        settings(),
        layout(),
        name="dogbreed-tune-x",
        static=hyperparameters,
        ranges=load_settings(environment={}).tune.ranges,
        parents=[],
        warm_start_type="TransferLearning",
        **common,
    )
    assert [one["EnableNetworkIsolation"] for one in (job, features, tuning["TrainingJobDefinition"])] == [found] * 3
    for operation, request in {"CreateTrainingJob": job, "CreateHyperParameterTuningJob": tuning}.items():
        assert problems("sagemaker", operation, request) == []
    assert problems("sagemaker", "CreateTrainingJob", features) == []


def test_the_settings_own_hyperparameters_count():
    chosen = settings().model_copy(update={"hyperparameters": SCRATCH})
    assert a_training_job(chosen)["EnableNetworkIsolation"] is True
    assert a_training_job(chosen, hyperparameters={"pretrained": "auto"})["EnableNetworkIsolation"] is False


def test_a_search_over_pretrained_keeps_the_network():
    request = tuning_job_request(
        settings(),
        layout(),
        name="dogbreed-tune-x",
        image=IMAGE,
        role_arn=ROLE,
        channels=SPLITS,
        static={},
        ranges={"pretrained": Categories(("auto", "none"))},
        parents=[],
        warm_start_type="TransferLearning",
    )
    assert request["TrainingJobDefinition"]["EnableNetworkIsolation"] is False


def a_model(serverless=False, **environment):
    return model_request(
        settings(**environment),
        name="dogbreed-x",
        image="host/dogbreed-serve:abc",
        model_data="s3://b/m.tar.gz",
        role_arn=ROLE,
        serverless=serverless,
    )


def test_a_model_is_isolated_unless_the_settings_say_otherwise_or_its_endpoint_is_serverless():
    assert a_model()["EnableNetworkIsolation"] is True
    assert a_model(sagemaker_deploy_network_isolation="false")["EnableNetworkIsolation"] is False
    assert a_model(serverless=True)["EnableNetworkIsolation"] is False
    assert problems("sagemaker", "CreateModel", a_model()) == []


@pytest.mark.parametrize("name", ["DOGBREED_ALLOW_URLS", "ALLOW_URLS"])
def test_a_container_that_fetches_pictures_by_itself_cannot_be_isolated(tmp_path, name):
    text = (
        (Path(__file__).parents[3] / "sagemaker.toml")
        .read_text()
        .replace("DOGBREED_TOP_K =", f'{name} = "true"\nDOGBREED_TOP_K =')
    )
    (tmp_path / "sagemaker.toml").write_text(text)
    with pytest.raises(Failure, match=r"deploy.network-isolation must be false with DOGBREED_ALLOW_URLS"):
        load_settings(tmp_path / "sagemaker.toml", {})
    assert (
        load_settings(tmp_path / "sagemaker.toml", {"SAGEMAKER_DEPLOY_NETWORK_ISOLATION": "false"}).environment[name]
        == "true"
    )
    assert load_settings(tmp_path / "sagemaker.toml", {"SAGEMAKER_DEPLOY_MODE": "serverless"})
