"""The functions that docs/migration.md shows answer in the serve image, as a batch."""

import json
import re

import pytest

from tests.project.documentation import ROOT, blocks
from tests.serving.conftest import written_in_image

# Adds up its four inputs for the first class: larger sums, surer answers.
MAKE_MODEL = """
import torch
layer = torch.nn.Linear(4, 2)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[1.0] * 4, [0.0] * 4]))
    layer.bias.zero_()
torch.jit.script(layer).save("/out/model.pt")
"""


@pytest.fixture(scope="module")
def torchscript(engine, serve_image, tmp_path_factory) -> bytes:
    return written_in_image(engine, serve_image, MAKE_MODEL, tmp_path_factory.mktemp("torchscript") / "model.pt")


def test_the_functions_of_the_page_about_migration_answer_as_a_batch(serve, model_folder, torchscript):
    [code] = [one for one in blocks(ROOT / "docs/migration.md", "python") if one.text.startswith("# code/inference.py")]
    folder = model_folder({"code/inference.py": code.text, "model.pt": torchscript}, None)
    with serve(folder, {"DOGBREED_BATCH_SIZE": "4", "DOGBREED_BATCH_DELAY_MS": "500"}) as served:
        bodies = [json.dumps({"features": [n / 10] * 4}).encode() for n in range(4)]
        answers = served.invoke_all(bodies, 4, "application/json")
    assert [answer.status for answer in answers] == [200] * 4
    first = [answer.json["probabilities"][0] for answer in answers]
    assert first == sorted(first) and first[0] == 0.5 and first[3] > 0.7
    assert max(answer.batch for answer in answers) > 1


def test_the_one_line_for_a_torchscript_file_loads_it(serve, model_folder, torchscript):
    page = (ROOT / "docs/migration.md").read_text()
    [line] = re.findall(r"`(def model_fn\(folder\): return [^`]+)`", page)
    folder = model_folder({"code/inference.py": f"import torch\n{line}\n", "model.pt": torchscript}, None)
    with serve(folder) as served:
        answer = served.invoke(b"[[1.0, 1.0, 1.0, 1.0]]", "application/json")
    assert (answer.status, answer.json) == (200, [[4.0, 0.0]])
