"""The functions of the endpoint: model_fn, input_fn, predict_fn, output_fn, and predict_batch_fn, which answers several
requests at once.

https://github.com/aws/sagemaker-inference-toolkit names the first four; a user's own /opt/ml/model/code/inference.py
can replace any of them (container/serving/inference/handlers.py)."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from container.model.model_file import Checkpoint, load_checkpoint
from container.pictures.jpeg import orientation_of
from container.pictures.preprocessing import UnreadablePicture
from container.runtime.batch_threads import BatchThreads
from container.serving.environment_variables import PREFIX
from container.serving.inference.network import Network, prepare_network
from container.serving.inference.saliency import Saliency, seen_part
from container.serving.mms_internals import Context
from container.serving.request.answer_formats import Embedding, Predictions, choose_format, formats_of, render
from container.serving.request.answer_options import EMBEDDING, PROBABILITIES, SALIENCY, AnswerOptions, answer_options
from container.serving.request.picture_url import fetch_picture
from container.serving.request.request_body import MAX_BATCH_PICTURES, MAX_PICTURES, read_body
from container.serving.request.request_errors import BadRequest
from container.serving.settings import CPU_BATCH, TOP_K

DIGITS = 6  # of a probability
MAP_DIGITS = 3  # of a value of a saliency map
MAX_SALIENCY_PICTURES = 16  # in one request: each takes a forward pass of its own


@dataclass(frozen=True)
class Request:
    """pictures: opened, not decoded. many: whether the client sent a list, and gets one. names: what a message calls
    each picture; empty where a user's own input_fn made the one that there is.
    """

    pictures: list[Image.Image]
    many: bool
    options: AnswerOptions
    names: tuple[str, ...] = ()


class Model:
    """A checkpoint that answers.

    step: called after each saliency map, which takes as long as many pictures without one.
    """

    step: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self,
        checkpoint: Checkpoint,
        network: Network,
        device: torch.device,
        top_k: int,
        batch: int,
        unknown_below: float = 0.0,
    ):
        """Args:
        checkpoint: classes and preprocessing.
        network: of this checkpoint, on `device`.
        device: where pictures are normalised.
        top_k: how many classes an answer names when the request does not say.
        batch: pictures in a forward pass.
        unknown_below: an answer whose highest probability is below it has no label; 0: answers have no decision.
        """
        self.checkpoint, self.top_k, self.batch, self.unknown_below = checkpoint, top_k, batch, unknown_below
        self._network, self._device = network, device
        self._threads = BatchThreads(torch.get_num_threads())
        self._one_at_a_time = threading.Lock()
        self._saliency: Saliency | None = None  # made when it is first asked for: few endpoints ever are

    def squares(self, pictures: Sequence[Image.Image]) -> list[np.ndarray | UnreadablePicture]:
        """Each picture decoded, uint8 [side, side, 3], or why it cannot be; pictures side by side, outside the
        interpreter's lock.
        """
        found: list[np.ndarray | UnreadablePicture] = [UnreadablePicture()] * len(pictures)

        def decode(start: int, stop: int) -> None:
            for row in range(start, stop):
                try:
                    found[row] = self.checkpoint.preprocessing.to_square(pictures[row])
                except UnreadablePicture as error:
                    found[row] = error

        if len(pictures) == 1:
            decode(0, 1)
        else:
            self._threads.run(decode, len(pictures), 1)
        return found

    def __call__(self, squares: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [side, side, 3] each, any number -> probabilities float32 [n, classes], features float32 [n, d]."""
        parts = [self._forward(squares[start : start + self.batch]) for start in range(0, len(squares), self.batch)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def saliency(self, square: np.ndarray, index: int) -> np.ndarray:
        """Which parts of a picture speak for the class `index`: float32 [rows, columns], 0 to 1. Raises
        NoFeatureMap.
        """
        with self._one_at_a_time:
            self._saliency = self._saliency or Saliency(self.checkpoint, self._device)
            found = self._saliency(square, index)
        self.step()
        return found

    def _forward(self, squares: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        preprocessing = self.checkpoint.preprocessing
        pixels = torch.from_numpy(np.stack(squares)).to(self._device).permute(0, 3, 1, 2)
        with self._one_at_a_time:
            probabilities, features = self._network(preprocessing.normalise(preprocessing.centre(pixels)))
        return probabilities.numpy(), features.numpy()


def model_fn(model_dir: str) -> Model:
    """Load the model from `model_dir`, in the fastest form that agrees with it, and run it, so that no single picture
    pays for a warm-up.

    Larger batches are compiled in their first runs, at two thirds of the speed.

    DOGBREED_TOP_K, DOGBREED_BATCH_SIZE and DOGBREED_UNKNOWN_BELOW are the environment's, where a worker has put those
    of container/serving/settings.py. Raises UnusableCheckpoint."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = load_checkpoint(Path(model_dir))
    top_k, batch = int(os.environ.get(f"{PREFIX}TOP_K", TOP_K)), int(os.environ.get(f"{PREFIX}BATCH_SIZE", CPU_BATCH))
    unknown_below = float(os.environ.get(f"{PREFIX}UNKNOWN_BELOW", checkpoint.unknown_below))
    sizes = sorted({size for size in (1, 2, 4, 8, 16, 32, 64) if size < batch} | {batch})
    network = prepare_network(checkpoint, device, sizes)
    print(
        f"{checkpoint.arch} with {len(checkpoint.classes)} classes answers on {device.type} as {network.form}"
        + (f", without a label below {unknown_below:g}" if unknown_below else ""),
        flush=True,
    )
    model = Model(checkpoint, network, device, top_k, batch, unknown_below)
    model([square for square in model.squares([Image.new("RGB", (640, 480))]) if isinstance(square, np.ndarray)])
    return model


def input_fn(body: bytes, content_type: str | None, context: Context) -> Request:
    """The pictures of a request. Raises RequestError: 400, 413, 415."""
    headers = {name.lower(): value for name, value in context.get_all_request_header(0).items()}
    options = answer_options(headers.get("x-amzn-sagemaker-custom-attributes"), headers.get("x-query"))
    fetch = fetch_picture if os.environ.get(f"{PREFIX}ALLOW_URLS") == "true" else None
    read = read_body(
        body, content_type, fetch, MAX_BATCH_PICTURES if os.environ.get("SAGEMAKER_BATCH") == "true" else MAX_PICTURES
    )
    if options.output == SALIENCY and len(read.pictures) > MAX_SALIENCY_PICTURES:
        raise BadRequest(
            f"output=saliency takes at most {MAX_SALIENCY_PICTURES} pictures in a request, not {len(read.pictures)}. "
            "Send fewer at once."
        )
    return Request(read.pictures, read.many, options, read.names)


def predict_fn(request: Request | Image.Image, model: Model) -> list[Any]:
    """The answer to one request; of a picture that a user's own input_fn returns, too. Raises BadRequest."""
    [answer] = predict_batch_fn([request], model)
    if isinstance(answer, Exception):
        raise answer
    return answer


def predict_batch_fn(requests: Sequence[Request | Image.Image], model: Model) -> list[list[Any] | Exception]:
    """One answer for each request, in one forward pass for as many pictures as fit; a request with a bad picture is a
    BadRequest, alone.

    An answer is `[{"label": "Beagle", "probability": 0.93}, ...]`, best first (Predictions where there is a threshold),
    or an embedding, a list of floats; for a request with a list of pictures it is a list of these. Raises TypeError for
    what a user's own input_fn made and is no picture."""
    read = [one if isinstance(one, Request) else _request_of(one) for one in requests]
    squares = model.squares([picture for request in read for picture in request.pictures])
    good = [square for square in squares if isinstance(square, np.ndarray)]
    rows = zip(*model(good), strict=True) if good else iter(())
    results: list[Any] = [square if isinstance(square, Exception) else next(rows) for square in squares]
    answers: list[list[Any] | Exception] = []
    start = 0
    for request in read:
        mine = results[start : start + len(request.pictures)]
        decoded = [one for one in squares[start : start + len(mine)] if isinstance(one, np.ndarray)]
        start += len(request.pictures)
        bad = next(((index, one) for index, one in enumerate(mine) if isinstance(one, Exception)), None)
        if bad:
            answers.append(BadRequest(f"{request.names[bad[0]] if request.names else 'The body'} is {bad[1]}."))
            continue
        made = [_answer(probabilities, features, request.options, model) for probabilities, features in mine]
        if request.options.output == SALIENCY:
            made = [
                _explained(answer, probabilities, picture, square, model)
                for answer, (probabilities, _), picture, square in zip(
                    made, mine, request.pictures, decoded, strict=True
                )
            ]
        answers.append(made if request.many else made[0])
    return answers


def _request_of(made: object) -> Request:
    if not isinstance(made, Image.Image):
        raise TypeError(
            f"input_fn returned an object of type {type(made).__name__}, and this image's model takes a "
            "PIL.Image.Image. Return one, or add a predict_fn."
        )
    return Request([made], False, AnswerOptions())


def output_fn(answer: list[Any], accept: str | None) -> tuple[str, str]:
    """An answer in the format that the client accepts, and its content type. Raises NotAcceptable (406)."""
    media_type = choose_format(accept, formats_of(answer))
    many = bool(answer) and isinstance(answer[0], list)
    return render(answer, many, media_type), media_type


def _answer(probabilities: np.ndarray, features: np.ndarray, options: AnswerOptions, model: Model) -> list[Any]:
    if options.output == EMBEDDING:
        return Embedding(round(value, DIGITS) for value in features.tolist())
    classes = model.checkpoint.classes
    count = len(classes) if options.output == PROBABILITIES else min(options.top_k or model.top_k, len(classes))
    best = np.argsort(-probabilities, kind="stable")[:count]
    named = [{"label": classes[index], "probability": round(float(probabilities[index]), DIGITS)} for index in best]
    if not model.unknown_below:
        return named
    return Predictions(named, (classes[best[0]] if probabilities[best[0]] >= model.unknown_below else None,))


def _explained(
    answer: list[Any], probabilities: np.ndarray, picture: Image.Image, square: np.ndarray, model: Model
) -> Predictions:
    """The answer, with the map of its likeliest class."""
    index = int(probabilities.argmax())
    width, height = picture.size if orientation_of(picture) < 5 else picture.size[::-1]
    box = seen_part(model.checkpoint.preprocessing, width, height)
    return Predictions(
        answer,
        answer.decision if isinstance(answer, Predictions) else (),
        {
            "label": model.checkpoint.classes[index],
            "box": [round(one, MAP_DIGITS + 1) for one in box],
            "grid": [[round(one, MAP_DIGITS) for one in row] for row in model.saliency(square, index).tolist()],
        },
    )
