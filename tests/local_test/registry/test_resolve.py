"""Which image a URI means, without an engine: the parts of the URI, and what is refused before anything is asked."""

import pytest

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


@pytest.mark.parametrize("uri", ["dogbreed-train", "127.0.0.1:5000/dogbreed-train"])
def test_a_uri_without_a_tag_is_refused(uri):
    with pytest.raises(ValueError, match="has no tag"):
        image_reference(uri)


@pytest.mark.parametrize(
    "uri", ["", "Upper:tag", "name:", "name:tag:tag", "http://host/name:tag", "name@sha256:12", "name tag", "/name:tag"]
)
def test_what_is_no_image_uri_is_refused(uri):
    with pytest.raises(ValueError, match="is no image URI"):
        image_reference(uri)


def test_another_registry_s_image_is_refused_with_the_next_step():
    class Registry:
        host = "127.0.0.1:5000"

    with pytest.raises(ValueError, match=r"neither in ECR nor in the local registry.*make local-push"):
        local_image(None, "docker.example/name:tag", Registry())


def test_a_bare_name_does_not_ask_for_the_registry():
    class Registry:
        @property
        def host(self):
            raise AssertionError("the registry is started only for what may be in it")

    class Engine:
        class images:
            @staticmethod
            def get(name):
                return type("Image", (), {"id": f"sha256:{name}"})

    assert local_image(Engine, "name:tag", Registry()) == "sha256:name:tag"
