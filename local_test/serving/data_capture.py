"""Requests and answers as JSON lines in S3, for whoever monitors a model.

Format: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
import logging
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_test.serving.batch_thread import BatchThread
from local_test.serving.invocation import CUSTOM_ATTRIBUTES, Answer, Asked
from local_test.storage.destination import Destination

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_WRITES = 2.0


@dataclass(frozen=True)
class _Captured:
    config: dict[str, Any]
    endpoint: str
    asked: Asked
    answer: Answer
    event: str
    time: datetime


class DataCapture:
    """Nothing of it happens in a request but the draw of the sample."""

    def __init__(self, stored: Destination):
        self._stored = stored
        self._batches = BatchThread("data capture", self._write, SECONDS_BETWEEN_WRITES)
        self.stop = self._batches.stop

    def capture(self, config: dict[str, Any], endpoint: str, asked: Asked, answer: Answer) -> None:
        """config: DataCaptureConfig of the endpoint configuration."""
        if config.get("EnableCapture", True) and random.random() * 100 < config["InitialSamplingPercentage"]:
            self._batches.put(_Captured(config, endpoint, asked, answer, str(uuid.uuid4()), datetime.now(UTC)))

    def _write(self, batch: list[_Captured]) -> None:
        files = defaultdict(list)
        for one in batch:
            files[one.config["DestinationS3Uri"], f"{one.endpoint}/{one.answer.variant}/{one.time:%Y/%m/%d/%H}"].append(
                one
            )
        for (base, folder), captured in files.items():
            first = captured[0].time
            name = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
            lines = "".join(
                json.dumps(captured_line(one.config, one.asked, one.answer, one.event, one.time)) + "\n"
                for one in captured
            )
            try:
                self._stored.put_bytes(base, f"{folder}/{name}", lines.encode(), "application/jsonlines")
            except (ValueError, OSError) as error:
                logger.error("%d captured requests could not be stored under %s: %s", len(captured), base, error)


def captured_line(config: dict[str, Any], asked: Asked, answer: Answer, event: str, time: datetime) -> dict[str, Any]:
    """One line of the file. event: id of this record. time: of the answer, UTC."""
    modes = {mode for option in config["CaptureOptions"] for mode in _modes(option["CaptureMode"])}
    types = config.get("CaptureContentTypeHeader", {})
    data = {}
    if "Input" in modes:
        data["endpointInput"] = _side(types, asked.headers.get("Content-Type"), "INPUT", asked.body)
    if "Output" in modes:
        data["endpointOutput"] = _side(types, answer.content_type, "OUTPUT", answer.body)
    metadata: dict[str, Any] = {"eventId": event}
    if CUSTOM_ATTRIBUTES in asked.headers:
        metadata["customAttributes"] = [asked.headers[CUSTOM_ATTRIBUTES]]
    if asked.inference_id:
        metadata["inferenceId"] = asked.inference_id
    metadata["inferenceTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}


def _modes(asked: str) -> tuple[str, ...]:
    return ("Input", "Output") if asked == "InputAndOutput" else (asked,)


def _side(types: dict[str, Any], content_type: str | None, mode: str, body: bytes) -> dict[str, Any]:
    plain = (content_type or "").partition(";")[0].strip().lower()
    encoding = next(
        (
            name
            for name, listed in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes"))
            if plain in types.get(listed, [])
        ),
        "BASE64",
    )
    try:
        text = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode()
    except UnicodeDecodeError:  # not what its content type says
        text, encoding = base64.b64encode(body).decode(), "BASE64"
    return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}
