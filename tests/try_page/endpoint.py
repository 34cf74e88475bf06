"""What an endpoint answers, for the page: written down, since the page's part begins where an answer arrives."""

import io
import json
import threading
from collections.abc import Callable

import botocore.exceptions
from PIL import Image

from scripts.aws.invocation import Answer

PREDICTIONS = [
    {"label": "German_shorthaired_pointer", "probability": 0.6312},
    {"label": "Beagle", "probability": 0.21},
    {"label": "<script>alert(1)</script>", "probability": 0.02},
]
SALIENCY = {
    "label": "German_shorthaired_pointer",
    "box": [0.2, 0.05, 0.8, 0.95],
    "grid": [[1.0, 0.6, 0.1, 0], [0.7, 0.3, 0, 0], [0.1, 0, 0, 0], [0, 0, 0, 0]],
}
TIMING = 'queue;dur=0.2, input;dur=3.4, predict;dur=41.0, output;dur=0.4, batch;desc="3"'


class Endpoint:
    """Answers as the serve image does. refuse: what it says of a body, where that is no picture. asked: the requests,
    (body, content type, custom attributes). together: the most that were under way at once.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, str, str]] = []
        self.together = self._now = 0
        self._lock = threading.Lock()
        self.meanwhile: Callable[[], object] = lambda: None
        self.predictions: object = {"predictions": PREDICTIONS}
        self.saliency: object = {"predictions": PREDICTIONS[:1], "saliency": SALIENCY}

    def __call__(self, body: bytes, content_type: str, custom_attributes: str) -> Answer:
        with self._lock:
            self.asked.append((body, content_type, custom_attributes))
            self._now += 1
            self.together = max(self.together, self._now)
        try:
            self.meanwhile()
            return self._answer(body, custom_attributes)
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, body: bytes, custom_attributes: str) -> Answer:
        try:
            Image.open(io.BytesIO(body))
        except OSError as error:
            message = json.dumps(
                {"error": {"status": 400, "message": "The body is not a picture in any known format."}}
            )
            raise botocore.exceptions.ClientError(
                {
                    "Error": {"Code": "ModelError", "Message": "Received client error (400) from primary"},
                    "OriginalStatusCode": 400,
                    "OriginalMessage": message,
                },
                "InvokeEndpoint",
            ) from error
        said = self.saliency if "output=saliency" in custom_attributes else self.predictions
        text = said if isinstance(said, str) else json.dumps(said)
        return Answer(text.encode(), TIMING if "timing=true" in custom_attributes else "")
