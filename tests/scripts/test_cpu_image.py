"""The serve image without CUDA: pushed where it is built, and taken where there is no GPU."""

import json

import pytest

from scripts import delete, push, status
from scripts.aws import docker_cli
from scripts.aws.clients import Aws
from scripts.aws.image import serving_image_uri
from scripts.config.settings import load_settings
from tests.scripts.sagemaker_stand_in import Refusal

IMAGE_ID = "sha256:0123456789abcdef" + "0" * 48
CLEAN, DIRTY = "a86989924225", "a86989924225-dirty"
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def build(docker, tag):
    """Builds images under a tag."""

    def built(*images: str, under: str = CLEAN):
        tag(under)
        docker.images |= {f"dogbreed-{one}:{under}": {"Id": IMAGE_ID} for one in images}
        return docker

    return built


def repositories(aws):
    return sorted(one["repositoryName"] for one in aws.client("ecr").describe_repositories()["repositories"])


def uri(*instance_types: str) -> str:
    return serving_image_uri(Aws(load_settings()), instance_types)


@pytest.mark.parametrize("under", [CLEAN, DIRTY])
def test_it_is_pushed_to_a_repository_of_its_own_where_it_is_built(aws, build, under, capsys):
    build("train", "serve", "serve-cpu", under=under)
    assert push.main([]) == 0
    assert repositories(aws) == ["dogbreed-serve", "dogbreed-serve-cpu", "dogbreed-train"]
    published = CLEAN if under == CLEAN else f"{DIRTY}-0123456789ab"
    assert f"pushed {HOST}/dogbreed-serve-cpu:{published}" in capsys.readouterr().out
    assert push.main([]) == 0
    assert capsys.readouterr().out.count("is in ECR already") == 3


def test_where_it_is_not_built_nothing_of_it_is_made(aws, build):
    build("train", "serve")
    assert push.main([]) == 0
    assert repositories(aws) == ["dogbreed-serve", "dogbreed-train"]


def test_a_dry_run_has_its_repository_and_needs_no_engine(aws, build, monkeypatch, capsys):
    build("train", "serve", "serve-cpu")
    assert push.main(["--dry-run"]) == 0
    made = [one["request"].get("repositoryName") for one in json.loads(capsys.readouterr().out)]
    assert made[4:6] == ["dogbreed-serve-cpu"] * 2

    def no_docker(*arguments, **options):
        raise FileNotFoundError("docker")

    monkeypatch.setattr(docker_cli.subprocess, "run", no_docker)
    monkeypatch.setattr(push, "built_tag", lambda: CLEAN)
    assert push.main(["--dry-run"]) == 0
    assert "serve-cpu" not in capsys.readouterr().out


@pytest.mark.parametrize("under", [CLEAN, DIRTY])
@pytest.mark.parametrize(
    "instance_types, image",
    [
        (["ml.m5.large"], "serve-cpu"),
        (["ml.c7i.xlarge", "ml.m5.xlarge"], "serve-cpu"),
        (["ml.t2.medium"], "serve-cpu"),
        ([], "serve-cpu"),
        (["ml.g4dn.xlarge"], "serve"),
        (["ml.c7i.xlarge", "ml.g6e.xlarge"], "serve"),
        (["ml.p4d.24xlarge"], "serve"),
    ],
)
def test_it_serves_where_there_is_no_gpu(aws, build, instance_types, image, under, capsys):
    build("train", "serve", "serve-cpu", under=under)
    assert push.main([]) == 0
    capsys.readouterr()
    published = CLEAN if under == CLEAN else f"{DIRTY}-0123456789ab"
    assert uri(*instance_types) == f"{HOST}/dogbreed-{image}:{published}"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("under", [CLEAN, DIRTY])
@pytest.mark.parametrize("instance_types, named", [(["ml.m5.large"], "ml.m5.large"), ([], "a serverless endpoint")])
def test_where_it_is_not_in_ecr_the_other_serves_and_the_commands_are_named(
    aws, build, instance_types, named, under, capsys
):
    build("train", "serve", under=under)
    assert push.main([]) == 0
    capsys.readouterr()
    assert "/dogbreed-serve:" in uri(*instance_types)
    said = capsys.readouterr().err
    assert said.startswith(f"note: {named} has no GPU and gets the image with CUDA.")
    assert f"dogbreed-serve-cpu:{under}, is not in ECR: `make build-serve-cpu` and `make push` bring it there." in said


def test_status_shows_its_repository_and_delete_takes_it_with_the_others(sagemaker, aws, bucket, build, capsys):
    sagemaker.answers["DescribeEndpoint"] = Refusal("ValidationException", "Could not find endpoint.")
    sagemaker.answers["ListModels"] = {"Models": []}
    sagemaker.answers["ListEndpointConfigs"] = {"EndpointConfigs": []}
    build("train", "serve", "serve-cpu")
    assert push.main([]) == 0
    assert status.main([]) == 0
    assert "dogbreed-serve-cpu" in capsys.readouterr().out
    assert delete.main(["--images", "--yes"]) == 0
    assert repositories(aws) == []
