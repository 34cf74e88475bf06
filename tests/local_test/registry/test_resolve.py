"""Which image a URI means, without an engine: the parts of the URI, and what is refused before anything is asked."""

from types import SimpleNamespace

import pytest
from docker.errors import ImageNotFound

from local_test.host.emulator_settings import NoSuchImage
from local_test.registry.resolve import ImageReference, image_reference, local_image

DIGEST = "sha256:" + "0a" * 32
ECR, ECR_CN = "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("uri", "parts", "is_ecr"),
    [
        (f"{ECR}/dogbreed-train:7d4c", (ECR, "dogbreed-train", "7d4c"), True),
        (f"{ECR_CN}/a/b@{DIGEST}", (ECR_CN, "a/b", DIGEST), True),
        ("127.0.0.1:5000/dogbreed-train:7d4c", ("127.0.0.1:5000", "dogbreed-train", "7d4c"), False),
        (f"127.0.0.1:5000/dogbreed-train@{DIGEST}", ("127.0.0.1:5000", "dogbreed-train", DIGEST), False),
        ("localhost/name:tag", ("localhost", "name", "tag"), False),
        ("dogbreed-train:7d4c", ("", "dogbreed-train", "7d4c"), False),
        ("team/dogbreed-train:7d4c-dirty", ("", "team/dogbreed-train", "7d4c-dirty"), False),
        ("12345.dkr.ecr.us-east-1.amazonaws.com/a:b", ("12345.dkr.ecr.us-east-1.amazonaws.com", "a", "b"), False),
    ],
)
def test_a_uri_has_a_host_a_repository_and_a_version(uri, parts, is_ecr):
    reference = image_reference(uri)
    assert reference == ImageReference(*parts)
    assert reference.is_ecr == is_ecr
    assert reference.is_digest == (parts[2] == DIGEST)


@pytest.mark.parametrize("uri", ["dogbreed-train", "127.0.0.1:5000/dogbreed-train", f"{ECR}/a/b"])
def test_no_tag_is_latest(uri):
    assert image_reference(uri).version == "latest" and str(image_reference(uri)) == f"{uri}:latest"


@pytest.mark.parametrize("uri", [f"{ECR}/a:b", f"a@{DIGEST}", "127.0.0.1:5000/a/b:c"])
def test_a_reference_is_written_as_the_engine_takes_it(uri):
    assert str(image_reference(uri)) == uri


@pytest.mark.parametrize(
    "uri", ["", "Upper:tag", "name:", "name:tag:tag", "http://host/name:tag", "name@sha256:12", "name tag", "/name:tag"]
)
def test_what_is_no_image_uri_is_refused(uri):
    with pytest.raises(ValueError, match="is no image URI"):
        image_reference(uri)


class Registry:
    """One that nothing was pushed to, and that must not be started."""

    users = None

    def has(self, repository):
        return False

    @property
    def host(self):
        raise AssertionError("the registry is started only for what may be in it")


class Engine:
    """The engine, as far as images are looked up by name. images: architecture by name."""

    def __init__(self, **images):
        self.images, self._found = self, images

    def get(self, name):
        if name not in self._found:
            raise ImageNotFound(name)
        return SimpleNamespace(id=f"id of {name}", attrs={"Architecture": self._found[name]})


@pytest.mark.parametrize(
    ("uri", "names", "found"),
    [
        (f"{ECR}/mine:v1", [f"{ECR}/mine:v1", "mine:v1"], f"{ECR}/mine:v1"),
        (f"{ECR}/mine:v1", ["mine:v1"], "mine:v1"),
        (f"{ECR}/mine", ["mine:latest"], "mine:latest"),
        (f"{ECR_CN}/team/mine@{DIGEST}", [f"team/mine@{DIGEST}"], f"team/mine@{DIGEST}"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/mine:v1", ["mine:v1"], "mine:v1"),
        ("mine", ["mine:latest"], "mine:latest"),
        ("mine:v1", ["mine:v1"], "mine:v1"),
    ],
)
def test_the_engine_s_image_of_exactly_that_name_comes_before_that_of_the_plain_name(uri, names, found):
    assert local_image(Engine(**dict.fromkeys(names, "amd64")), uri, Registry()) == f"id of {found}"


@pytest.mark.parametrize("uri", [f"{ECR}/mine:v1", "mine:v1"])
def test_an_image_that_is_nowhere_is_named_with_the_ways_out(uri):
    with pytest.raises(NoSuchImage, match="docker tag IMAGE") as refused:
        local_image(Engine(), uri, Registry())
    assert uri in str(refused.value) and "make " not in str(refused.value)


def test_another_registry_s_image_is_refused_with_the_next_step():
    refused = r"not in ECR.*docker tag docker\.example/name:tag name:tag"
    with pytest.raises(ValueError, match=refused):
        local_image(Engine(), "docker.example/name:tag", Registry())


def test_an_image_for_another_processor_is_refused_with_the_next_step():
    with pytest.raises(ValueError, match=r"for arm64\..*docker build --platform linux/amd64"):
        local_image(Engine(mine="arm64", **{"mine:latest": "arm64"}), "mine", Registry())
