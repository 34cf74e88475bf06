"""The four functions of the endpoint: model_fn, input_fn, predict_fn, output_fn.

https://github.com/aws/sagemaker-inference-toolkit calls them; a user's own /opt/ml/model/code/inference.py can replace
any of them.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from container.checkpoint import Checkpoint, load_checkpoint
from container.flip_averaging import logits_of
from container.preprocessing import UnreadablePicture, open_picture
from container.serving.request_errors import BadRequest, NotAcceptable, UnsupportedMediaType

PICTURE_TYPES = ("image/jpeg", "image/png", "application/x-image", "application/octet-stream")
JSON_TYPE = "application/json"
DEFAULT_TOP_K = 5


@dataclass(frozen=True)
class Model:
    """A checkpoint on the device that it answers from. top_k: how many classes an answer names."""

    checkpoint: Checkpoint
    device: torch.device
    top_k: int


def model_fn(model_dir: str) -> Model:
    """Load the model from `model_dir` and run it once, so that the first request does not pay for the warm-up.

    TOP_K in the environment sets how many classes an answer names. Raises UnusableCheckpoint.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = load_checkpoint(Path(model_dir))
    checkpoint.model.to(device, memory_format=torch.channels_last)
    model = Model(checkpoint, device, _top_k(os.environ.get("TOP_K"), len(checkpoint.classes)))
    predict_fn(Image.new("RGB", (640, 480)), model)
    return model


def input_fn(body: bytes, content_type: str | None) -> Image.Image:
    """The bytes of one JPEG or PNG -> the picture. Raises UnsupportedMediaType (415) and BadRequest (400)."""
    media_type = (content_type or "application/octet-stream").split(";")[0].strip().lower()
    if media_type not in PICTURE_TYPES:
        raise UnsupportedMediaType(f"Content-Type {media_type} is not taken. Send one of {', '.join(PICTURE_TYPES)}.")
    if not body:
        raise BadRequest("The body is empty. Send the bytes of one picture.")
    try:
        return open_picture(bytes(body))
    except UnreadablePicture as error:
        raise BadRequest(f"The body is {error}.") from error


@torch.inference_mode()
def predict_fn(picture: Image.Image, model: Model) -> list[dict]:
    """The `top_k` likeliest classes, best first: `[{"label": "Beagle", "probability": 0.93}, ...]`.

    Raises BadRequest (400) when the picture's pixels cannot be decoded.
    """
    checkpoint = model.checkpoint
    try:
        square = torch.from_numpy(checkpoint.preprocessing.to_square(picture))
    except UnreadablePicture as error:
        raise BadRequest(f"The body is {error}.") from error
    pixels = checkpoint.preprocessing.centre(square.permute(2, 0, 1).unsqueeze(0)).to(model.device)
    logits = logits_of(checkpoint.model, checkpoint.preprocessing.normalise(pixels), checkpoint.test_flip)
    values, indices = logits[0].float().softmax(0).topk(model.top_k)
    return [
        {"label": checkpoint.classes[index], "probability": round(value, 6)}
        for value, index in zip(values.tolist(), indices.tolist())
    ]


def output_fn(predictions: list[dict], accept: str | None) -> tuple[str, str]:
    """`{"predictions": [...]}` and its content type. Raises NotAcceptable (406)."""
    wanted = {choice.split(";")[0].strip().lower() for choice in (accept or "*/*").split(",")}
    if not wanted & {JSON_TYPE, "application/*", "*/*"}:
        raise NotAcceptable(f"Accept {accept} cannot be answered. Ask for {JSON_TYPE}.")
    return json.dumps({"predictions": predictions}), JSON_TYPE


def _top_k(setting: str | None, class_count: int) -> int:
    if setting is None:
        return min(DEFAULT_TOP_K, class_count)
    if not setting.isdecimal() or int(setting) < 1:
        raise ValueError(f"The environment variable TOP_K must be a whole number of at least 1, not {setting!r}.")
    return min(int(setting), class_count)
