"""make push: repositories as they should be, each image once, and nothing that an endpoint would refuse."""

import json

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import push
from scripts.aws.docker_manifest import DOCKER_MANIFEST, amd64_of
from scripts.aws.image import published_tag
from scripts.console.failure import Failure

IMAGE_ID = "sha256:0123456789abcdef" + "0" * 48


@pytest.fixture
def built(docker, tag):
    docker.images = {f"{name}:a86989924225": {"Id": IMAGE_ID} for name in ("dogbreed-train", "dogbreed-serve")}
    return docker


def tags(aws, name):
    details = aws.client("ecr").describe_images(repositoryName=name)["imageDetails"]
    return sorted(one for detail in details for one in detail["imageTags"])


def test_the_first_push_makes_immutable_repositories_and_pushes_both_images(aws, built):
    assert push.main([]) == 0
    for name in ("dogbreed-train", "dogbreed-serve"):
        [repository] = aws.client("ecr").describe_repositories(repositoryNames=[name])["repositories"]
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert tags(aws, name) == ["a86989924225"]
        policy = json.loads(aws.client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
        assert policy["rules"][-1]["selection"]["countNumber"] == 20
        uri = f"{repository['repositoryUri']}:a86989924225"
        assert f"tag {name}:a86989924225 {uri}" in built.calls and f"push {uri}" in built.calls


@pytest.fixture
def scans(monkeypatch):
    monkeypatch.setenv("SAGEMAKER_PUSH_SCAN", "true")


def test_the_registry_is_told_to_scan_when_that_is_asked_for_and_only_then(aws, built, monkeypatch):
    def rules():
        return aws.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"].get("rules", [])

    assert push.main([]) == 0
    assert rules() == []
    monkeypatch.setenv("SAGEMAKER_PUSH_SCAN", "true")
    assert push.main([]) == 0
    assert rules()[0]["repositoryFilters"] == [{"filter": "dogbreed-*", "filterType": "WILDCARD"}]


def test_docker_is_logged_in_once_and_the_password_is_not_on_its_command_line(aws, built):
    assert push.main([]) == 0
    endpoint = aws.client("ecr").get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
    assert [call for call in built.calls if call.startswith("login")] == [
        f"login --username AWS --password-stdin {endpoint}"
    ]
    assert len(built.passwords) == 1 and built.passwords[0]


def test_a_second_push_sends_nothing(aws, built, capsys):
    assert push.main([]) == 0
    built.calls.clear()
    assert push.main([]) == 0
    assert not [call for call in built.calls if call.startswith(("push", "login", "tag"))]
    shown = capsys.readouterr()
    assert shown.out.count("is in ECR already") == 2 and shown.err == ""


def test_an_image_of_another_build_of_the_same_tree_stays_and_is_said(aws, built, capsys):
    assert push.main([]) == 0
    built.images["dogbreed-serve:a86989924225"] = {"Id": "sha256:" + "f" * 64}
    built.calls.clear()
    assert push.main([]) == 0
    assert (
        "warning: dogbreed-serve:a86989924225 is from another build" in (said := capsys.readouterr().err)
        and "-train" not in said
    )
    assert not [call for call in built.calls if call.startswith("push")]


def test_both_images_are_looked_for_before_anything_is_made(aws, built, capsys):
    del built.images["dogbreed-serve:a86989924225"]
    assert push.main([]) == 1
    assert "dogbreed-serve:a86989924225 is not on this machine" in capsys.readouterr().err
    assert aws.client("ecr").describe_repositories()["repositories"] == []


def test_a_repository_whose_tags_could_change_is_made_immutable(aws, built):
    aws.client("ecr").create_repository(repositoryName="dogbreed-train")
    assert push.main([]) == 0
    [repository] = aws.client("ecr").describe_repositories(repositoryNames=["dogbreed-train"])["repositories"]
    assert repository["imageTagMutability"] == "IMMUTABLE"


OPTIONAL = (
    "GetRegistryScanningConfiguration",
    "PutRegistryScanningConfiguration",
    "GetLifecyclePolicy",
    "PutLifecyclePolicy",
    "PutImageTagMutability",
    "BatchGetImage",
)


@pytest.mark.parametrize("denied", [[one] for one in OPTIONAL] + [OPTIONAL])
def test_what_an_ordinary_user_may_not_do_does_not_keep_the_images(aws, built, scans, monkeypatch, denied, capsys):
    aws.client("ecr").create_repository(repositoryName="dogbreed-train")
    real = botocore.client.BaseClient._make_api_call

    def call(client, operation, request):
        if operation in denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert push.main([]) == 0
    assert tags(aws, "dogbreed-train") == ["a86989924225"] == tags(aws, "dogbreed-serve")
    assert ("warning" in capsys.readouterr().err) == (list(denied) != ["BatchGetImage"])


def test_a_dry_run_prints_the_requests_and_changes_nothing(aws, built, scans, capsys):
    assert push.main(["--dry-run"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [call["operation"] for call in calls] == ["CreateRepository", "PutLifecyclePolicy"] * 2 + [
        "PutRegistryScanningConfiguration"
    ]
    assert aws.client("ecr").describe_repositories()["repositories"] == []
    assert built.calls == []


def test_settings_that_are_met_already_are_not_sent_again(aws, built, scans, capsys):
    assert push.main([]) == 0
    capsys.readouterr()
    assert push.main(["--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_changed_number_of_kept_images_reaches_a_repository_that_is_there(aws, built, monkeypatch, capsys):
    assert push.main([]) == 0
    monkeypatch.setenv("SAGEMAKER_PUSH_KEEP_IMAGES", "3")
    capsys.readouterr()
    assert push.main(["--dry-run"]) == 0
    assert [call["operation"] for call in json.loads(capsys.readouterr().out)] == ["PutLifecyclePolicy"] * 2


def test_images_of_two_states_of_a_dirty_tree_have_two_tags(aws, built, tag):
    tag("a86989924225-dirty")
    for start in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"):
        built.images = {
            f"{name}:a86989924225-dirty": {"Id": f"sha256:{start}{'0' * 52}"}
            for name in ("dogbreed-train", "dogbreed-serve")
        }
        assert push.main([]) == 0
    assert tags(aws, "dogbreed-train") == ["a86989924225-dirty-aaaaaaaaaaaa", "a86989924225-dirty-bbbbbbbbbbbb"]


@pytest.mark.parametrize(
    "tag_, found",
    [
        ("a86989924225", "a86989924225"),
        ("a86989924225-wf5a6be98", "a86989924225-wf5a6be98"),
        ("a86989924225-dirty", "a86989924225-dirty-0123456789ab"),
        ("a86989924225-dirty-wf5a6be98", "a86989924225-dirty-wf5a6be98-0123456789ab"),
    ],
)
def test_only_a_dirty_tree_adds_the_images_id_to_the_tag(tag_, found):
    assert published_tag(tag_, IMAGE_ID) == found


def test_an_image_that_is_not_built_is_a_sentence(aws, docker, tag, capsys):
    assert push.main([]) == 1
    assert (
        "error: The image dogbreed-train:a86989924225 is not on this machine. Run `make build`."
        in capsys.readouterr().err
    )


def manifest_of(aws, name, tag="a86989924225"):
    [image] = aws.client("ecr").batch_get_image(repositoryName=name, imageIds=[{"imageTag": tag}])["images"]
    return image["imageManifestMediaType"], json.loads(image["imageManifest"])


OCI = "application/vnd.oci.image.manifest.v1+json"
CONTAINERD = [["driver-type", "io.containerd.snapshotter.v1"]]


@pytest.mark.parametrize("told_by", ["the image", "the engine"])
def test_an_image_that_docker_pushes_as_oci_gets_dockers_manifest_of_the_same_layers(aws, built, told_by, capsys):
    built.manifest = OCI
    if told_by == "the engine":
        built.store = CONTAINERD
    else:
        for facts in built.images.values():
            facts["Descriptor"] = {"mediaType": OCI}
    assert push.main([]) == 0
    for name in ("dogbreed-train", "dogbreed-serve"):
        assert tags(aws, name) == ["a86989924225"]
        media_type, manifest = manifest_of(aws, name)
        assert media_type == manifest["mediaType"] == DOCKER_MANIFEST
        assert manifest["config"] == {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 9,
            "digest": IMAGE_ID,
        }
        [layer] = manifest["layers"]
        assert layer == {
            "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "size": 7,
            "digest": "sha256:" + "7" * 64,
        }
    built.images = {name: {**facts, "Id": "sha256:" + "e" * 64} for name, facts in built.images.items()}
    assert push.main([]) == 0  # an image's id is its OCI manifest's here
    shown = capsys.readouterr()
    assert shown.out.count("is in ECR already") == 2 and shown.err == ""


def test_what_a_push_that_was_cut_short_left_is_replaced(aws, built):
    built.manifest, built.store = OCI, CONTAINERD
    aws.client("ecr").create_repository(repositoryName="dogbreed-train", imageTagMutability="IMMUTABLE")
    built.run(["docker", "push", "host/dogbreed-train:a86989924225-oci"], None)
    assert push.main([]) == 0
    assert tags(aws, "dogbreed-train") == ["a86989924225"]
    assert manifest_of(aws, "dogbreed-train")[1]["config"]["digest"] == IMAGE_ID


def test_an_oci_tag_that_may_not_be_removed_is_said(aws, built, monkeypatch, capsys):
    built.manifest, built.store = OCI, CONTAINERD
    real = botocore.client.BaseClient._make_api_call

    def call(client, operation, request):
        if operation == "BatchDeleteImage":
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert push.main([]) == 0
    assert "warning: the tag dogbreed-train:a86989924225-oci stays. AWS refused" in capsys.readouterr().err


def test_layers_that_endpoints_cannot_read_are_a_sentence(aws, built, capsys):
    built.manifest, built.store, built.layer = OCI, CONTAINERD, "application/vnd.oci.image.layer.v1.tar+zstd"
    assert push.main([]) == 1
    assert "tar+zstd, which endpoints cannot read. Build it with layers packed by gzip" in capsys.readouterr().err
    assert tags(aws, "dogbreed-train") == ["a86989924225-oci"]


def test_of_an_index_the_part_for_sagemakers_machines_is_taken():
    parts = [
        {"digest": "a", "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "b", "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": "c", "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    assert amd64_of({"manifests": parts}) == "c"
    with pytest.raises(Failure, match="no part for linux/amd64"):
        amd64_of({"manifests": parts[:2]})


def test_an_oci_manifest_that_arrived_is_named_with_the_way_to_remove_it(aws, built, capsys):
    built.manifest = "application/vnd.oci.image.manifest.v1+json"
    for _ in range(2):  # it is not taken for good because it is there
        assert push.main([]) == 1
        assert "batch-delete-image --repository-name dogbreed-train" in capsys.readouterr().err


def test_a_push_that_fails_is_a_sentence(aws, built, capsys, monkeypatch):
    real = built.run
    monkeypatch.setattr(
        built, "run", lambda command, text: (1, "", "") if command[1] == "push" else real(command, text)
    )
    assert push.main([]) == 1
    assert "docker push" in (said := capsys.readouterr().err) and "Run it again" in said


def test_a_machine_without_docker_is_a_sentence(aws, tag, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert push.main([]) == 1
    assert "no docker command" in capsys.readouterr().err
