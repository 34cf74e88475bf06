"""A multi-model endpoint on our serve image: its container has the memory of its instance type, and models make room
for each other there.
"""

import os

from local_test.host.labels import ENDPOINT, NAME, find
from tests.local_service import until
from tests.service.program_image import archive
from tests.service.serving.harness import variant

MEGABYTE = 2**20
SMALL = "ml.t2.medium"  # 4 GiB
# A model of 1 GB: what the file announces before it is loaded, what is in memory afterwards.
FUNCTIONS = b"""
def model_fn(model_dir):
    with open(f"{model_dir}/name") as name:
        return name.read(), bytearray(b"x") * 2**30
def input_fn(body, content_type): return body
def predict_fn(body, model): return model[0]
def output_fn(name, accept): return name, "text/plain"
"""


def test_models_make_room_for_each_other_in_the_memory_of_the_instance_type(service, serve_image, bucket, engine):
    weights = os.urandom(8 * MEGABYTE) + bytes(292 * MEGABYTE)  # zeros alone would look like a bomb
    names = [f"model-{number}.tar.gz" for number in range(4)]
    for name in names:
        files = {"name": name.encode(), "code/inference.py": FUNCTIONS, "weights.bin": weights}
        service.s3.put_object(Bucket=bucket, Key=f"large/{name}", Body=archive(files, "w:gz"))
    made = {
        "Image": serve_image,
        "Mode": "MultiModel",
        "ModelDataUrl": f"s3://{bucket}/large/",
        "Environment": {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
    }
    model = service.create_model(Containers=[made])
    endpoint = service.in_service(service.create(service.create_config(variant(model, InstanceType=SMALL))))
    [container] = [one for one in find(engine, ENDPOINT) if one.labels[NAME] == endpoint]
    assert container.attrs["HostConfig"]["Memory"] == 4096 * MEGABYTE == container.attrs["HostConfig"]["MemorySwap"]

    def ask(name):
        answer = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"a", TargetModel=name)
        return answer["Body"].read().decode()

    def loaded():
        [instance] = service.endpoints.live(endpoint).router.current.instances()
        return instance._started[0].stage.models.targets()

    assert [ask(name) for name in names] == names
    until(lambda: names[0] not in loaded() and names[-1] in loaded())
    assert ask(names[0]) == names[0] and names[0] in loaded()  # and comes back
