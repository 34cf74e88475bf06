"""A small model, pictures, and requests as a worker gets them."""

import io
import json

import mms
import pytest
import torch
from mms.context import Context
from PIL import Image

from container.model.head import HEAD_WIDTHS
from container.model.model_file import save_checkpoint
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.serving.inference.handlers import Handlers
from container.serving.request.invocation import Invocation

CLASSES = tuple(f"Breed_{index}" for index in range(8))
ARCH = "shufflenet_v2_x0_5"


@pytest.fixture
def picture():
    def make(kind="JPEG", colour="red", mode="RGB"):
        buffer = io.BytesIO()
        Image.new(mode, (120, 90), colour).save(buffer, kind)
        return buffer.getvalue()

    return make


@pytest.fixture
def model_dir(tmp_path):
    torch.manual_seed(0)
    model = create_model(ARCH, len(CLASSES)).eval()
    save_checkpoint(tmp_path, model.state_dict(), ARCH, HEAD_WIDTHS, CLASSES, Preprocessing.for_image_size(64), {})
    return tmp_path


@pytest.fixture
def load(model_dir, monkeypatch):
    """load(code="") -> Handlers over the model, with `code` as the user's inference.py."""

    def load(code=""):
        if code:
            (model_dir / "code").mkdir()
            (model_dir / "code/inference.py").write_text(code)
            monkeypatch.syspath_prepend(str(model_dir / "code"))
        monkeypatch.delitem(__import__("sys").modules, "inference", raising=False)
        return Handlers(str(model_dir), Context("model", str(model_dir), {}, 8, None, mms.__version__))

    yield load
    __import__("sys").modules.pop("inference", None)


@pytest.fixture
def request_of():
    """request_of(body, content_type, **more headers) -> Invocation"""

    def request_of(body, content_type="image/jpeg", **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"X-Request-Id": "abc123", "Content-Type": "application/octet-stream", **given}
        if content_type is not None:
            sent["X-Content-Type"] = content_type
        return Invocation.of(body, sent, "model", "/opt/ml/model")

    return request_of


@pytest.fixture
def outcome():
    """outcome(invocation) -> status, content type, body (parsed when it is JSON)"""

    def outcome(invocation):
        status, _ = invocation.context.get_response_status(0)
        content_type = invocation.context.get_response_content_type(0)
        return (
            status,
            content_type,
            json.loads(invocation.answer) if content_type == "application/json" else invocation.answer,
        )

    return outcome
