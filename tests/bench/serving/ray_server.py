"""Ray Serve: `ray_server.py PORT example REPLICAS` or `ray_server.py PORT batches REPLICAS BATCH_SIZE`; replicas share
the cores.

`example` is a deployment as AWS writes it for its Ray Serve images, a picture at a time in float32:
https://aws.github.io/deep-learning-containers/ray/. There an adapter of SageMaker's paths stands before it, which costs
more; it is left out. `batches` is what Ray has for more:
https://docs.ray.io/en/latest/serve/advanced-guides/dyn-req-batch.html, decoding beside the event loop, and the limit's
own network."""

import asyncio
import json
import os
import sys

import ray
import torch
from ordinary_net import load_classifier
from ordinary_pictures import read_picture
from ray import serve

MODEL = "/opt/ml/model"
WAIT = 0.01  # seconds that a batch waits for more
CORES = len(os.sched_getaffinity(0))
GPU = torch.cuda.is_available()


def answer(names: dict[str, str], best) -> dict:
    """best: values and indices of one picture, as torch.topk has them."""
    return {
        "predictions": [{"label": names[str(index)], "probability": value} for value, index in zip(*best, strict=True)]
    }


@serve.deployment
class Classifier:
    def __init__(self, threads: int):
        torch.set_num_threads(threads)
        self.device = torch.device("cuda" if GPU else "cpu")
        self.model = load_classifier(f"{MODEL}/model.pth", self.device)
        with open(f"{MODEL}/index_to_name.json") as file:
            self.names = json.load(file)

    async def __call__(self, request):
        picture = read_picture(await request.body()).unsqueeze(0).to(self.device)
        with torch.inference_mode():
            best = self.model(picture)[0].softmax(0).topk(5)
        return answer(self.names, (best.values.tolist(), best.indices.tolist()))


def batching(batch_size: int):
    """The class of a deployment with batches of up to `batch_size`, which its decorator has to know."""

    @serve.deployment
    class BatchingClassifier:
        def __init__(self, threads: int):
            from best_precision import best_form

            torch.set_num_threads(threads)
            device = torch.device("cuda" if GPU else "cpu")
            self.model = best_form(
                load_classifier(f"{MODEL}/model.pth", device), device, 224, list(range(1, batch_size + 1))
            )
            with open(f"{MODEL}/index_to_name.json") as file:
                self.names = json.load(file)

        async def __call__(self, request):
            return await self.classify(await asyncio.to_thread(read_picture, await request.body()))

        @serve.batch(max_batch_size=batch_size, batch_wait_timeout_s=WAIT)
        async def classify(self, pictures):
            return await asyncio.to_thread(self._classify, pictures)

        @torch.inference_mode()
        def _classify(self, pictures):
            best = self.model(torch.stack(pictures)).softmax(1).topk(5)
            return [answer(self.names, one) for one in zip(best.values.tolist(), best.indices.tolist(), strict=True)]

    return BatchingClassifier


def main(port: int, kind: str, replicas: int, batch_size: int) -> None:
    # Nothing outside of this container is there to be asked or told.
    ray.init(_node_ip_address="127.0.0.1", include_dashboard=False, num_cpus=CORES, log_to_driver=True)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    cores = max(1, CORES // replicas)
    actor = {
        "num_cpus": 0,
        "num_gpus": 1 / replicas if GPU else 0,
        "runtime_env": {"env_vars": {"OMP_NUM_THREADS": str(cores)}},
    }
    options = {"num_replicas": replicas, "ray_actor_options": actor}
    if kind == "batches":
        # As many requests as fill several batches; Ray's own number is 5. A line in the log for each of them costs
        # time.
        deployment = batching(batch_size).options(
            **options, max_ongoing_requests=4 * batch_size, logging_config={"enable_access_log": False}
        )
    else:
        deployment = Classifier.options(**options)
    serve.run(deployment.bind(cores), route_prefix="/", blocking=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) if sys.argv[4:] else 0)
