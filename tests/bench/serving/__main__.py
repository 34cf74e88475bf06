"""`python -m tests.bench.serving --serve-image IMAGE [--data FOLDER_OR_ZIP]`: the endpoint beside other servers of the
same network.

Ours is the serve image as it is. Beside it, from the same torch, weights and photographs, in turn and each alone on the
machine: sagemaker-inference with multi-model-server, LitServe in float32 and in the best precision, Ray Serve as AWS's
example has it and with batches in the best precision, TorchServe, and what a bare loop without HTTP reaches. Where a
peer has settings that matter, the best of them is measured. Writes out/bench/serving.json and docs/serving.png."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from local_test.demo.data_folder import data_folder
from local_test.host.engine import connect
from tests.bench.drawn_data import drawn
from tests.bench.figures import write
from tests.bench.serving.bench import Bench
from tests.bench.serving.measured import figures
from tests.bench.serving.picture import write_picture


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the endpoint.")
    parser.add_argument("--serve-image", required=True)
    parser.add_argument("--data", type=Path, help="folder or zip of pictures; default: some that are drawn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each load in each round")
    chosen = parser.parse_args()
    data = data_folder(chosen.data, Path("out/data")) if chosen.data else drawn(Path("out/data/bench"))
    with ExitStack() as stack:
        bench = Bench(stack, connect(), chosen.serve_image, data)
        bench.open()
        for number in range(chosen.rounds):
            print(f"round {number + 1} of {chosen.rounds}", flush=True)
            bench.round(chosen.seconds)
        bench.start_again()
        found, versions = bench.found, bench.versions()
    write(Path("out/bench/serving.json"), figures(found), ["docker"], versions)
    write_picture(found, Path("docs/serving.png"))


if __name__ == "__main__":
    main()
