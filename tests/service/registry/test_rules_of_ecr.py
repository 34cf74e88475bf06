"""What ECR refuses of a push that goes past it: a repository that is not there, a tag that exists where tags are
immutable.
"""

import http.client
import json
import threading
import uuid

import pytest
from botocore.exceptions import ClientError
from moto.ecr.models import ecr_backends

from local_test.registry.ecr import LocalEcr
from local_test.registry.registry_api import CONFIG, DOCKER_MANIFEST, RegistryApi, RegistryRefused
from tests.service.registry.conftest import ACCOUNT, REGION

REPOSITORIES = ["plain", "team/with/slashes", "a-b.c_d/manifests/x"]


@pytest.fixture
def user(registry):
    return RegistryApi(registry.host, registry.users.aws)


@pytest.fixture
def repository(request, ecr):
    """A repository with immutable tags, and one image, v1."""
    name = f"{getattr(request, 'param', 'rules')}-{uuid.uuid4().hex[:8]}"
    ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    return name


def an_image(api, repository):
    """The manifest of an image that no other one is; what it names is in the repository."""
    config = {"mediaType": CONFIG, "size": 2, "digest": api.put_blob(repository, b"{}")}
    return json.dumps(
        {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "layers": [], "config": config, "number": uuid.uuid4().hex}
    )


def put(api, repository, reference, text=None):
    return api.put_manifest(repository, reference, DOCKER_MANIFEST, text or an_image(api, repository))


def ask(registry, method, path, body=b"", **headers):
    """Status and error code, for the user of the token; the path is sent as it is."""
    connection = http.client.HTTPConnection(registry.host)
    given = {"Authorization": registry.users.aws.authorization, "Content-Type": DOCKER_MANIFEST}
    connection.request(method, path, body, given | {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    try:
        return answer.status, json.loads(content)["errors"][0]
    except (ValueError, KeyError):
        return answer.status, content


def test_docker_cannot_push_over_a_tag_where_tags_are_immutable(ecr, push, try_to_push, tiny):
    ecr.create_repository(repositoryName="immutable", imageTagMutability="IMMUTABLE")
    digest = push(tiny[0], "immutable", "v1")
    for image in (tiny[1], tiny[0]):  # also the same image once more, as ECR has it
        again = try_to_push(image, "immutable", "v1")
        assert again.returncode != 0
        assert "tag invalid: The image tag 'v1' already exists in the 'immutable' repository" in again.stderr
    assert push(tiny[1], "immutable", "v2") != digest
    assert push(tiny[0], "immutable", "V1") == digest  # another tag: upper and lower case differ
    details = ecr.describe_images(repositoryName="immutable")["imageDetails"]
    assert {tag: detail["imageDigest"] for detail in details for tag in detail["imageTags"]}["v1"] == digest


def test_docker_cannot_push_to_or_pull_from_a_repository_that_ecr_does_not_have(
    ecr, registry, docker, log_in, try_to_push, tiny
):
    log_in(ecr)
    done = try_to_push(tiny[0], "team/never-made", "v1")
    assert done.returncode != 0
    assert (
        f"The repository with name 'team/never-made' does not exist in the registry with id '{ACCOUNT}'" in done.stderr
    )
    assert docker("pull", f"{registry.host}/team/never-made:v1").returncode != 0


@pytest.mark.parametrize("repository", REPOSITORIES, indirect=True)
def test_the_registry_answers_with_ecr_s_words(registry, user, repository):
    put(user, repository, "v1")
    status, error = ask(registry, "PUT", f"/v2/{repository}/manifests/v1", an_image(user, repository).encode())
    assert (status, error["code"]) == (400, "TAG_INVALID")
    assert error["message"] == (
        f"The image tag 'v1' already exists in the '{repository}' repository and cannot be overwritten because the "
        "tag is immutable."
    )
    status, error = ask(
        registry, "POST", f"/v2/{repository}/below/blobs/uploads/"
    )  # a repository below one is another one
    assert (status, error["code"]) == (404, "NAME_UNKNOWN")
    assert (
        error["message"]
        == f"The repository with name '{repository}/below' does not exist in the registry with id '{ACCOUNT}'"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/v2/{name}/manifests/%76%31",
        "/v2/{name}/manifests/v%31",
        "/v2/{name}%2fmanifests%2fv1",
        "//v2//{name}//manifests//v1",
        "/v2/./{name}/manifests/../manifests/v1",
        "/v2/{name}/manifests/v1/",
        "/v2/{name}/manifests/%2e/v1",
        "/V2/{name}/manifests/v1",
        "/v2/{upper}/manifests/v1",
        "/v2/{name}/manifests/v1%0a",
        "/v2/{name}/manifests/v1%20",
        "/v2/{name}/manifests/v1%00",
        "/v2/{name}/manifests/v1%3f",
        "/v2/{name}/manifests/v1?tag=v1",
        "/v2/{name}/manifests/v1;x",
        "/v2/{name}/manifests/v1%23",
        "/x/../v2/{name}/manifests/v1",
        "/v2/x/..%2f{name}/manifests/v1",
        "/v2/{name}/blobs/uploads/../../manifests/v1",
        "/v2/{name}/blobs/uploads/..%2f..%2fmanifests%2fv1",
        "/v2/{name}/tags/list/../../manifests/v1",
        "/v2/{name}/%6danifests/v1",
        "/v2/{name}\\manifests\\v1",
        "/v2/{name}/manifests/%2576%2531",
        "http://registry/v2/{name}/manifests/v1",
    ],
)
def test_no_other_spelling_of_a_path_moves_an_immutable_tag(registry, user, repository, path):
    digest = put(user, repository, "v1")
    other = an_image(user, repository).encode()
    status, _ = ask(registry, "PUT", path.format(name=repository, upper=repository.upper()), other)
    assert 400 <= status < 500
    assert user.digest(repository, "v1") == digest and user.tags(repository) == ["v1"]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "GET"])
def test_no_header_makes_another_method_of_a_request(registry, user, repository, header, method):
    digest = put(user, repository, "v1")
    ask(registry, method, f"/v2/{repository}/manifests/v1", an_image(user, repository).encode(), **{header: "PUT"})
    ask(
        registry,
        method,
        f"/v2/{repository}/manifests/v1?_method=PUT",
        an_image(user, repository).encode(),
        **{header: "DELETE"},
    )
    assert user.digest(repository, "v1") == digest


def test_an_image_is_pushed_by_its_digest_and_leaves_the_tag(user, repository):
    digest = put(user, repository, "v1")
    text = an_image(user, repository)
    with pytest.raises(RegistryRefused, match="DIGEST_INVALID"):
        put(user, repository, f"sha256:{'0' * 64}", text)
    other = put(user, repository, "v2", text)
    assert put(user, repository, other, text) == other != digest
    assert (user.digest(repository, "v1"), user.digest(repository, "v2")) == (digest, other)


def test_a_layer_is_mounted_only_into_a_repository_that_ecr_has(ecr, registry, user, repository):
    layer = user.put_blob(repository, b"a layer")
    ecr.create_repository(repositoryName="target")
    mount = f"blobs/uploads/?mount={layer}&from={repository}"
    assert ask(registry, "POST", f"/v2/target/{mount}")[0] == 201
    assert ask(registry, "POST", f"/v2/never-made/{mount}")[1]["code"] == "NAME_UNKNOWN"


def test_images_are_deleted_over_ecr_s_api_alone(ecr, registry, user, repository):
    digest = put(user, repository, "v1")
    for reference in ("v1", digest):
        status, error = ask(registry, "DELETE", f"/v2/{repository}/manifests/{reference}")
        assert (status, error["code"]) == (405, "UNSUPPORTED")
    assert ask(registry, "DELETE", f"/v2/{repository}/blobs/{user.put_blob(repository, b'layer')}")[0] == 405
    assert user.digest(repository, "v1") == digest
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "v1"}])
    assert put(user, repository, "v1") != digest  # the tag is free again


def test_an_upload_under_way_can_be_given_up(registry, repository):
    connection = http.client.HTTPConnection(registry.host)
    authorized = {"Authorization": registry.users.aws.authorization}
    connection.request("POST", f"/v2/{repository}/blobs/uploads/", headers=authorized)
    answer = connection.getresponse()
    answer.read()
    connection.request("DELETE", answer.headers["Location"].removeprefix(f"http://{registry.host}"), headers=authorized)
    assert connection.getresponse().status == 204
    connection.close()


def test_of_many_pushes_of_one_new_tag_at_a_time_one_arrives(user, repository):
    texts = [an_image(user, repository) for _ in range(24)]
    start, outcomes = threading.Barrier(len(texts)), []

    def push(text):
        start.wait()
        try:
            outcomes.append(put(user, repository, "v1", text))
        except RegistryRefused as error:
            outcomes.append(error)

    threads = [threading.Thread(target=push, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [digest] = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert all("TAG_INVALID" in str(outcome) for outcome in outcomes if outcome != digest)
    assert user.digest(repository, "v1") == digest


def test_mutability_can_be_changed_at_any_time(ecr, user, repository):
    first = put(user, repository, "v1")
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="MUTABLE")
    second = put(user, repository, "v1")
    assert second != first
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    with pytest.raises(RegistryRefused, match="TAG_INVALID"):
        put(user, repository, "v1")
    assert user.digest(repository, "v1") == second


def test_a_tag_is_named_over_the_api_under_the_same_rule(ecr, user, repository):
    put(user, repository, "v1")
    other = an_image(user, repository)
    with pytest.raises(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(repositoryName=repository, imageManifest=other, imageTag="v1")
    ecr.put_image(repositoryName=repository, imageManifest=other, imageTag="v2")
    assert user.tags(repository) == ["v1", "v2"]


def test_a_deleted_repository_is_pushed_to_only_when_it_was_made_again(ecr, user, repository):
    put(user, repository, "v1")
    ecr.delete_repository(repositoryName=repository, force=True)
    with pytest.raises(RegistryRefused, match="NAME_UNKNOWN"):
        user.put_blob(repository, b"layer")
    ecr.create_repository(repositoryName=repository)
    assert user.tags(repository) == []
    assert put(user, repository, "v1") != put(user, repository, "v1")  # it is mutable now


def test_repositories_of_an_earlier_start_have_their_rules_again(registry, user):
    ecr_backends[ACCOUNT].pop(REGION, None)
    backend = ecr_backends[ACCOUNT][REGION]  # moto's own, which the journal is replayed to
    kept, open_one = (f"kept-{uuid.uuid4().hex[:8]}" for _ in range(2))
    for name, mutability in ((kept, "IMMUTABLE"), (open_one, None)):
        backend.create_repository(name, None, None, None, mutability, [])
    LocalEcr(registry, ACCOUNT, REGION)
    put(user, kept, "v1")
    with pytest.raises(RegistryRefused, match="TAG_INVALID"):
        put(user, kept, "v1")
    assert put(user, open_one, "v1") != put(user, open_one, "v1")


@pytest.mark.parametrize("mutability", ["IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"])
def test_exclusions_from_mutability_are_refused_by_name(ecr, user, repository, mutability):
    filters = [{"filterType": "WILDCARD", "filter": "latest*"}]
    request = {"imageTagMutability": mutability, "imageTagMutabilityExclusionFilters": filters}
    for call, name in ((ecr.create_repository, "excluded"), (ecr.put_image_tag_mutability, repository)):
        with pytest.raises(
            ClientError, match=r"does not support imageTagMutabilityExclusionFilters.*Use IMMUTABLE or MUTABLE"
        ) as refused:
            call(repositoryName=name, **request)
        assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    assert (
        ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
    )
    put(user, repository, "latest")
    with pytest.raises(RegistryRefused, match="TAG_INVALID"):
        put(user, repository, "latest")
