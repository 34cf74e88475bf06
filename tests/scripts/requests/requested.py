"""What the tests of the requests have in common: settings, places, and the plainest training job."""

from scripts.config.layout import Layout
from scripts.config.names import timestamp, training_job
from scripts.config.settings import load_settings
from scripts.requests.training_job import training_job_request

ROLE = "arn:aws:iam::123456789012:role/dogs"
LONGEST_PREFIX = "d" * 32
SPLITS = {split: f"s3://some-bucket/data/{split}/" for split in ("train", "valid", "test")}


def settings(**environment: str):
    return load_settings(environment={name.upper(): value for name, value in environment.items()})


def layout(prefix: str = "dogbreed") -> Layout:
    return Layout("b" * 63, prefix)


def a_training_job(chosen, channels=None, hyperparameters=None, region="eu-west-1"):
    return training_job_request(
        chosen,
        layout(chosen.prefix),
        name=training_job(chosen.prefix, timestamp()),
        image="host:5055/dogbreed-train:abc",
        role_arn=ROLE,
        region=region,
        channels=channels or SPLITS,
        hyperparameters=hyperparameters or {},
    )
