"""LitServe with batching: `litserve_server.py PORT PRECISION WORKERS BATCH_SIZE`. PRECISION: float32, or best for the
limit's own network.

The functions are those of its guide to batching, https://lightning.ai/docs/litserve/features/batching; workers share
the cores. A JPEG comes as the request's body, as it does to the other servers, and not inside JSON or a form, which
would cost it more."""

import json
import os
import sys
from typing import Annotated

import litserve
import torch
from fastapi import Body
from ordinary_net import load_classifier
from ordinary_pictures import read_picture

MODEL = "/opt/ml/model"
WAIT = 0.01  # seconds that a batch waits for more


class Classifier(litserve.LitAPI):
    def __init__(self, precision: str, threads: int, batch_size: int):
        super().__init__(max_batch_size=batch_size, batch_timeout=WAIT)
        self._precision, self._threads = precision, threads

    def setup(self, device):
        torch.set_num_threads(self._threads)
        with open(f"{MODEL}/index_to_name.json") as file:
            self._names = json.load(file)
        self._device = torch.device(device)
        self._network = load_classifier(f"{MODEL}/model.pth", self._device)
        if self._precision == "best":
            from best_precision import best_form

            self._network = best_form(self._network, self._device, 224, list(range(1, self.max_batch_size + 1)))

    def decode_request(self, request: Annotated[bytes, Body()]):
        return read_picture(request)

    def batch(self, pictures):
        return torch.stack(pictures).to(self._device)

    @torch.inference_mode()
    def predict(self, pictures):
        return self._network(pictures).softmax(1).topk(5)

    def unbatch(self, best):
        return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))

    def encode_response(self, best):
        return {
            "predictions": [
                {"label": self._names[str(index)], "probability": value} for index, value in zip(*best, strict=True)
            ]
        }


if __name__ == "__main__":
    port, precision, workers, batch_size = sys.argv[1:]
    threads = max(1, len(os.sched_getaffinity(0)) // int(workers))
    server = litserve.LitServer(
        Classifier(precision, threads, int(batch_size)),
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        devices=1,
        workers_per_device=int(workers),
    )
    server.run(port=int(port), generate_client_file=False, log_level="warning")
