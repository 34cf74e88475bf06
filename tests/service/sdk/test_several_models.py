"""MultiDataModel and PipelineModel of the SageMaker Python SDK, unmodified."""

import json

from tests.service.program_image import archive
from tests.service.sdk.in_shell import ROOT, in_shell

PROGRAM = b"""
def model_fn(folder):
    return open(folder + "/name").read()

def transform_fn(name, body, content_type, accept):
    return f"{name}({body.decode()})", "application/octet-stream"
"""


def test_models_of_one_container_and_containers_in_series(local, serve_image):
    for name in ("first", "second"):
        files = {"name": name.encode(), "code/inference.py": PROGRAM}
        local.put(f"several/{name}.tar.gz", archive(files, "w:gz"))
    script = ROOT / "tests/service/sdk/several_models.py"
    printed = in_shell(local, ROOT / ".venv-sdk/bin/python", script, serve_image, local.uri("several"))
    assert json.loads(printed.rpartition("RESULT ")[2]) == {
        "answers": ["first(x)", "second(x)"],
        "listed": ["copied.tar.gz", "first.tar.gz", "second.tar.gz"],
        "through both": "second(first(x))",
    }
