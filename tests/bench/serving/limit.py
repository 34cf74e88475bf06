"""Runs in the serve image: what there is to reach. A bare loop in one process, without HTTP. `limit.py DATA MODEL
SECONDS`.

It decodes as the serving code does, in as many threads as there are cores, and computes in the best precision; beside a
GPU it decodes one batch ahead. Prints JSON: the likeliest class of each photograph; pictures per second in batches, by
their size, and the milliseconds of one picture alone, SECONDS for each of them."""

import itertools
import json
import statistics
import sys
import time
from pathlib import Path

import torch
from best_precision import best_form
from photographs import photographs

from container.data.batches import prepared
from container.model.model_file import load_checkpoint
from container.pictures.preprocessing import open_picture
from container.runtime.batch_threads import BatchThreads

BATCH_SIZES = {"cpu": [4, 8, 16], "cuda": [16, 32, 64]}
ENDLESS = range(sys.maxsize)


class BareLoop:
    def __init__(self, data: Path, model: Path, device: torch.device):
        checkpoint = load_checkpoint(model)
        self.batch_sizes = BATCH_SIZES[device.type]
        self._classes, self._preprocessing, self._device = checkpoint.classes, checkpoint.preprocessing, device
        self._network = best_form(checkpoint.model, device, checkpoint.preprocessing.image_size, [1, *self.batch_sizes])
        self._threads = BatchThreads()
        self._photographs = [path.read_bytes() for path in photographs(data)]
        self._next = itertools.cycle(self._photographs)

    def labels(self) -> list[str]:
        """The likeliest class of each photograph."""
        return [label for body in self._photographs for label in self._answer(self._inputs([body]))]

    def throughput(self, size: int, seconds: float) -> float:
        """Pictures per second in batches of `size`, after one that warms up."""
        batches = prepared(lambda _: (self._inputs(list(itertools.islice(self._next, size))),), ENDLESS, self._device)
        self._answer(*next(batches))
        began, count = time.perf_counter(), 0
        while (took := time.perf_counter() - began) < seconds:
            self._answer(*next(batches))
            count += size
        batches.close()
        return count / took

    def latency(self, seconds: float) -> float:
        """Median milliseconds of a picture alone."""
        end, found = time.perf_counter() + seconds, []
        while (began := time.perf_counter()) < end:
            self._answer(self._inputs([next(self._next)]))
            found.append(time.perf_counter() - began)
        return 1000 * statistics.median(found)

    def _inputs(self, bodies: list[bytes]) -> torch.Tensor:
        """float32 [n, 3, size, size] on the device."""
        side = self._preprocessing.square_size
        squares = torch.empty(len(bodies), side, side, 3, dtype=torch.uint8)

        def decode(start: int, stop: int) -> None:
            for number in range(start, stop):
                squares[number] = torch.from_numpy(self._preprocessing.to_square(open_picture(bodies[number])))

        if len(bodies) == 1:
            decode(0, 1)
        else:
            self._threads.run(decode, len(bodies), 1)
        return self._preprocessing.normalise(self._preprocessing.centre(squares.permute(0, 3, 1, 2)).to(self._device))

    @torch.inference_mode()
    def _answer(self, inputs: torch.Tensor) -> list[str]:
        """The likeliest class of each."""
        _, indices = self._network(inputs).softmax(1).topk(5)
        return [self._classes[best] for best, *_ in indices.tolist()]


def main(data: Path, model: Path, seconds: float) -> dict:
    loop = BareLoop(data, model, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    labels = loop.labels()  # first: it warms up
    throughput = {size: loop.throughput(size, seconds) for size in loop.batch_sizes}
    return {"labels": labels, "throughput": throughput, "milliseconds": loop.latency(seconds)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))))
