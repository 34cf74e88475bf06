"""A multi-model endpoint whose container is multi-model-server as it comes, as in AWS's own example with catboost."""

from pathlib import Path

import pytest

from tests.local_service import until
from tests.service.program_image import archive, program_image


@pytest.fixture(scope="module")
def plain_image(engine, serve_image):
    with program_image(engine, serve_image, Path(__file__).parent / "plain_multi_model_server/serve.py") as tag:
        yield tag


def test_models_are_loaded_and_make_room_for_each_other_in_multi_model_server_as_it_comes(service, plain_image, bucket):
    for name in ("cats", "dogs"):
        service.s3.put_object(Bucket=bucket, Key=f"m/{name}.tar.gz", Body=archive({"name": name.encode()}, "w:gz"))
    made = {
        "Image": plain_image,
        "Mode": "MultiModel",
        "ModelDataUrl": f"s3://{bucket}/m/",
        "Environment": {"MOST_MODELS": "1"},
    }
    endpoint = service.serve(service.create_model(Containers=[made]))

    def ask(target):
        answer = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"\xff\xd8", TargetModel=target)
        return answer["Body"].read().decode()

    for name in ("cats", "dogs", "cats"):
        assert ask(f"{name}.tar.gz") == f"{name} got 2"
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    until(lambda: instance._started[0].stage.models.targets() == ["cats.tar.gz"])
