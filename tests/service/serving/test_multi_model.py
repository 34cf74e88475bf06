"""Multi-model endpoints: models that are fetched and loaded when a request names them."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from local_test.host.labels import ENDPOINT, find
from local_test.serving import runtime
from tests.local_service import until
from tests.service.program_image import archive
from tests.service.serving.harness import variant


@pytest.fixture
def store(service, bucket):
    """store(name, how=...): put a model's archive below the prefix; how: see `load` of serve.py."""

    def put(*names, how=None, prefix="models/"):
        for name in names:
            files = {"name": name.encode(), **({"how": how.encode()} if how else {})}
            service.s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=archive(files, "w:gz"))

    put("first.tar.gz")
    return put


@pytest.fixture
def deploy(service, bucket, store):
    """deploy(environment, **of the model) -> an endpoint in service."""

    def deploy(environment=None, count=1, **model):
        made = service.create_model(environment, Mode="MultiModel", ModelDataUrl=f"s3://{bucket}/models/", **model)
        return service.serve(made, count=count)

    return deploy


def ask(service, endpoint, target):
    return json.loads(service.ask(endpoint, "model_name", TargetModel=target))


def log(service, endpoint):
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    return [one["message"] for one in service.logs.filter_log_events(logGroupName=group)["events"]]


def loaded(service, endpoint):
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    return instance._started[0].stage.models.targets()


def test_a_model_is_fetched_and_loaded_at_its_first_request_and_kept(service, deploy, store):
    endpoint = deploy()
    store("later/second.tar.gz")  # models may come while the endpoint is in service
    first, second = ask(service, endpoint, "first.tar.gz"), ask(service, endpoint, "later/second.tar.gz")
    assert (first["name"], second["name"]) == ("first.tar.gz", "later/second.tar.gz")
    assert (first["header"], second["header"]) == ("first.tar.gz", "later/second.tar.gz")
    name = first["folder"].removeprefix("/opt/ml/models/").removesuffix("/model")
    assert first["folder"] == f"/opt/ml/models/{name}/model" and "/" not in name and "first" not in name
    assert ask(service, endpoint, "first.tar.gz") == {**first, "loaded": 2}
    until(lambda: log(service, endpoint).count("loads first.tar.gz: 200") == 1)
    asked = {"do": "touch", "path": first["folder"] + "/written"}
    assert "Read-only file system" in service.ask(endpoint, asked.pop("do"), **asked, TargetModel="first.tar.gz")


def test_the_container_is_told_that_it_has_many_models(service, deploy):
    endpoint = deploy()
    told = json.loads(service.ask(endpoint, "environment", TargetModel="first.tar.gz"))
    assert told["SAGEMAKER_MULTI_MODEL"] == "true" and "SAGEMAKER_BIND_TO_PORT" not in told


def test_requests_without_a_model_or_with_one_that_is_not_there_are_refused_as_aws_does_it(
    service, deploy, store, bucket
):
    endpoint = deploy()
    with pytest.raises(
        ClientError, match=r"^An error .* Request [0-9a-f-]{36} is missing a target model header\.$"
    ) as error:
        service.who(endpoint)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError) as error:
        ask(service, endpoint, "none.tar.gz")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert error.value.response["Error"]["Message"].startswith(
        f"Failed to download model data(bucket: {bucket}, key: models/none.tar.gz). Please ensure that there is an "
    )
    service.s3.put_object(Bucket=bucket, Key="models/odd.tar.gz", Body=b"no archive")
    with pytest.raises(ClientError, match=r"Failed to extract the target model odd.tar.gz.*not a sound .tar.gz"):
        ask(service, endpoint, "odd.tar.gz")
    store("none.tar.gz")  # a failure is not remembered
    assert ask(service, endpoint, "none.tar.gz")["name"] == "none.tar.gz" and loaded(service, endpoint) == [
        "none.tar.gz"
    ]


def test_the_least_recently_used_model_makes_room_for_another(service, deploy, store):
    store("second", "third")
    endpoint = deploy({"MOST_MODELS": "2"})
    for name in ("first.tar.gz", "second", "first.tar.gz", "third"):
        assert ask(service, endpoint, name)["loaded"] <= 2
    assert loaded(service, endpoint) == ["first.tar.gz", "third"]
    until(lambda: "unloads second" in log(service, endpoint))
    assert {one for one in log(service, endpoint) if one.startswith("unloads")} == {"unloads second", "unloads third"}
    [folder] = (service.platform.folder / "endpoint-models").iterdir()
    assert len(list(folder.iterdir())) == 2  # what is unloaded takes no space
    assert ask(service, endpoint, "second")["name"] == "second"  # and comes back


def test_a_model_that_is_in_use_is_not_unloaded(service, deploy, store):
    store("second")
    endpoint = deploy({"MOST_MODELS": "1"})
    ask(service, endpoint, "first.tar.gz")
    slept = []
    slow = threading.Thread(
        target=lambda: slept.append(service.ask(endpoint, "sleep", seconds=3, TargetModel="first.tar.gz"))
    )
    slow.start()
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    until(lambda: instance.outstanding)
    assert ask(service, endpoint, "second")["name"] == "second"
    slow.join(1)
    assert slept == ["slept"] and loaded(service, endpoint) == ["second"]


def test_a_container_without_room_for_one_model_answers_507(service, deploy):
    endpoint = deploy({"MOST_MODELS": "0"})
    with pytest.raises(ClientError) as error:
        ask(service, endpoint, "first.tar.gz")
    answer = error.value.response
    assert (answer["Error"]["Code"], answer["OriginalStatusCode"]) == ("ModelError", 507)
    assert 'Received server error (507) from primary with message "the model is odd"' in answer["Error"]["Message"]
    assert loaded(service, endpoint) == []


def test_a_model_that_the_container_cannot_load_is_a_model_error_and_the_others_go_on(service, deploy, store):
    store("broken", how="500 0")
    store("known", how="409 0")  # loaded already, it says
    endpoint = deploy()
    ask(service, endpoint, "first.tar.gz")
    for _ in range(2):
        with pytest.raises(ClientError, match=r"server error \(500\) from primary") as error:
            ask(service, endpoint, "broken")
        assert error.value.response["OriginalMessage"] == "the model is odd"
    assert ask(service, endpoint, "first.tar.gz")["loaded"] == 1
    with pytest.raises(ClientError, match="not loaded"):
        ask(service, endpoint, "known")


def test_a_model_that_takes_too_long_is_not_ready_and_goes_on_being_loaded(service, deploy, store, monkeypatch):
    monkeypatch.setattr(runtime, "SECONDS_TO_ANSWER", 1)
    store("slow", how="200 3")
    endpoint = deploy()
    with pytest.raises(ClientError) as error:
        ask(service, endpoint, "slow")
    assert error.value.response["Error"]["Code"] == "ModelNotReadyException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    until(lambda: "loads slow: 200" in log(service, endpoint))
    assert ask(service, endpoint, "slow")["name"] == "slow"


def test_a_model_that_the_container_has_lost_is_loaded_again(service, deploy):
    endpoint = deploy()
    assert ask(service, endpoint, "first.tar.gz")["loaded"] == 1
    service.ask(endpoint, "lose_all", TargetModel="first.tar.gz")
    assert ask(service, endpoint, "first.tar.gz")["loaded"] == 1
    with pytest.raises(ClientError, match=r"client error \(404\) from primary"):  # its own, of a model that is loaded
        service.ask(endpoint, "status", status=404, TargetModel="first.tar.gz")
    until(lambda: [one for one in log(service, endpoint) if "loads" in one] == ["loads first.tar.gz: 200"] * 2)


def test_a_model_that_has_no_worker_any_more_is_loaded_again_once(service, deploy):
    """As multi-model-server answers and describes it after it made room."""
    endpoint = deploy()
    assert ask(service, endpoint, "first.tar.gz")["loaded"] == 1
    service.ask(endpoint, "lose_workers", TargetModel="first.tar.gz")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(service, endpoint, "first.tar.gz")["name"], range(4)))
    assert answers == ["first.tar.gz"] * 4
    with pytest.raises(ClientError, match=r"server error \(503\) from primary"):  # its own, of a model with a worker
        service.ask(endpoint, "status", status=503, TargetModel="first.tar.gz")
    until(lambda: [one for one in log(service, endpoint) if one.startswith("loads")] == ["loads first.tar.gz: 200"] * 2)
    assert log(service, endpoint).count("unloads first.tar.gz") == 1


def test_without_a_cache_a_model_is_unloaded_after_its_request(service, deploy):
    endpoint = deploy(MultiModelConfig={"ModelCacheSetting": "Disabled"})
    for _ in range(2):
        assert ask(service, endpoint, "first.tar.gz")["loaded"] == 1
        until(lambda: loaded(service, endpoint) == [])
    until(lambda: log(service, endpoint).count("unloads first.tar.gz") == 2)


def test_requests_that_come_together_load_a_model_once(service, deploy):
    endpoint = deploy()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(service, endpoint, "first.tar.gz")["name"], range(8)))
    assert answers == ["first.tar.gz"] * 8
    until(lambda: [one for one in log(service, endpoint) if one.startswith("loads")] == ["loads first.tar.gz: 200"])


def test_a_multi_model_container_may_be_one_of_a_pipeline(service, store, bucket):
    many = {**service.container(), "Mode": "MultiModel", "ModelDataUrl": f"s3://{bucket}/models/"}
    endpoint = service.serve(service.create_model(Containers=[service.container(), many]))
    asked = json.dumps({"do": "status", "status": 200, "body": json.dumps({"do": "model_name"})})
    answer = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=asked, TargetModel="first.tar.gz")
    assert json.loads(answer["Body"].read())["name"] == "first.tar.gz"


def test_models_of_a_folder_of_this_machine(service, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models/a b.tar.gz").write_bytes(archive({"name": b"a b"}, "w:gz"))
    (tmp_path / "secret.tar.gz").write_bytes(archive({"name": b"secret"}, "w:gz"))
    model = service.create_model(Mode="MultiModel", ModelDataUrl=(tmp_path / "models").as_uri() + "/")
    endpoint = service.serve(model)
    assert ask(service, endpoint, "a b.tar.gz")["name"] == "a b"
    with pytest.raises(ClientError, match="Failed to download model data"):
        ask(service, endpoint, "../secret.tar.gz")


def test_cloudwatch_knows_hits_and_times_of_models(service, deploy):
    endpoint = deploy()
    for _ in range(4):
        ask(service, endpoint, "first.tar.gz")
    assert service.statistic(endpoint, "ModelCacheHit") == 3
    assert service.statistic(endpoint, "ModelCacheHit", "SampleCount") == 4
    for name in ("ModelLoadingWaitTime", "ModelDownloadingTime", "ModelLoadingTime"):
        assert service.statistic(endpoint, name, "SampleCount") == 1 and 0 < service.statistic(endpoint, name) < 60e6


def test_a_deleted_endpoint_leaves_no_model(service, deploy):
    endpoint = deploy()
    ask(service, endpoint, "first.tar.gz")
    service.sagemaker.delete_endpoint(EndpointName=endpoint)
    until(lambda: not service.sagemaker.list_endpoints()["Endpoints"])
    assert find(service.platform.engine, ENDPOINT, service.platform.service) == []
    assert list((service.platform.folder / "endpoint-models").iterdir()) == []


def test_an_image_that_does_not_say_that_it_takes_many_models_is_refused(service, engine, store, bucket):
    made = engine.containers.create(service.image, ["serve"])
    try:
        image = made.commit(
            "local-sagemaker-test-single", changes=["LABEL com.amazonaws.sagemaker.capabilities.multi-models=false"]
        )
        container = {"Image": "local-sagemaker-test-single:latest", "Mode": "MultiModel"}
        with pytest.raises(ClientError, match=r"multi-models=true Docker label"):
            service.sagemaker.create_model(
                ModelName="single", PrimaryContainer={**container, "ModelDataUrl": f"s3://{bucket}/models/"}
            )
        engine.images.remove(image.id, force=True)
    finally:
        made.remove(force=True)


def test_our_own_image_serves_many_models(local, serve_image):
    """Its functions come with each model."""
    sagemaker, name = local.client("sagemaker"), "many-models"
    program = (
        b"def model_fn(d): return open(d + '/name').read()\ndef transform_fn(m, b, t, a): return m, 'text/plain'\n"
    )
    for one in (b"cats", b"dogs"):
        local.put(f"many/{one.decode()}.tar.gz", archive({"name": one, "code/inference.py": program}, "w:gz"))
    container = {"Image": serve_image, "Mode": "MultiModel", "ModelDataUrl": local.uri("many/")}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=local.address.role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(name)])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    try:
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        runtime = local.client("sagemaker-runtime")
        for one in ("cats", "dogs", "cats"):
            answer = runtime.invoke_endpoint(EndpointName=name, Body=b"x", TargetModel=f"{one}.tar.gz")
            assert answer["Body"].read().decode() == one
    finally:
        sagemaker.delete_endpoint(EndpointName=name)
