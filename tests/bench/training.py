"""`python -m tests.bench.training --train-image IMAGE [--data FOLDER_OR_ZIP] [--only PART ...]`: training beside
torchvision's reference script.

Both run in the train image, in turn, on the same pictures and cores. Writes out/bench/training.json. Loss and accuracy
are those on the valid split after as many epochs; ResNet18 from scratch, as is ours with its head of three layers."""

import statistics
from pathlib import Path

from local_test.host.engine import connect, gpu_requests
from tests.bench.asked import asked, pictures
from tests.bench.figures import Figure, figure, interval, no_worse, write
from tests.bench.program_in_image import run_program

REFERENCE = "torchvision's reference"
BESIDE = [f"tests/bench/{name}.py" for name in ("reference", "one_core_each", "own_memory")]
FEW, MANY, TURNS = 320, 3200, 3  # whole batches, both
PARTS = ("pipeline", "epoch", "growth", "learning", "many-pictures", "gpu")
SOME_PICTURES, MANY_PICTURES = 2_000, 20_000


def main() -> None:
    parser = asked("Measure training.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    args = parser.parse_args()
    image, data = args.train_image, pictures(args)
    engine = connect()

    def measured(*arguments: str) -> dict:
        return run_program(engine, image, "training_speed.py", list(arguments), data, BESIDE)

    figures = []
    if "pipeline" in args.only:
        figures += pipeline_figures(measured("pipeline"))
    if "epoch" in args.only:
        figures += epoch_figures(measured("epoch"))
    if "growth" in args.only:
        turns = [(measured("growth", str(FEW)), measured("growth", str(MANY))) for _ in range(TURNS)]
        figures += growth_figures([few for few, _ in turns], [many for _, many in turns])
    if "learning" in args.only:
        figures += learning_figures(measured("learning"))
    if "many-pictures" in args.only:
        some, many = (
            run_program(engine, image, "many_pictures.py", [str(count)], data, BESIDE)
            for count in (SOME_PICTURES, MANY_PICTURES)
        )
        figures += many_pictures_figures(some, many)
    if "gpu" in args.only and (gpus := gpu_requests(engine)):
        figures += gpu_figures(
            run_program(engine, image, "gpu_step.py", [], data, [*BESIDE, "tests/bench/training_speed.py"], gpus)
        )
    write(Path("out/bench/training.json"), figures, [], measured("versions"))


def pipeline_figures(found: dict) -> list[Figure]:
    return [
        figure(
            "input pipeline, first epoch, 500x375 to 224",
            found["first"],
            found["peer"],
            REFERENCE,
            "1/s",
            1.5,
            at_least=True,
        ),
        figure("input pipeline, later epochs", found["later"], found["peer"], REFERENCE, "1/s", 4, at_least=True),
    ]


def epoch_figures(found: dict) -> list[Figure]:
    return [
        figure(
            "whole ResNet34, a later epoch, 160 pictures of 224", found["later"], found["peer"], REFERENCE, "s", 1 / 2.5
        ),
        figure("  the first epoch, decoding included", found["first"], found["peer"], REFERENCE, "s", None),
    ]


def growth_figures(few: list[dict], many: list[dict]) -> list[Figure]:
    times = MANY // FEW
    expected = [times * one["seconds"] for one in few]
    return [
        figure(
            f"time with {times} times as many pictures",
            [one["seconds"] for one in many],
            expected,
            f"{times} times the time",
            "s",
            1.1,
        ),
        figure(
            "  memory then",
            [one["megabytes"] for one in many],
            [one["megabytes"] for one in few],
            f"with {FEW} pictures",
            "MB",
            1.1,
        ),
    ]


def many_pictures_figures(some: dict, many: dict) -> list[Figure]:
    """some, many: what many_pictures.py prints. One run of each: a data set of this size takes minutes."""
    times = MANY_PICTURES // SOME_PICTURES
    return [
        one
        for part in many["megabytes"]
        for one in (
            figure(
                f"{part}, {MANY_PICTURES:,} pictures of 133 classes",
                [many[part]],
                times * some[part],
                f"{times} times the time of {SOME_PICTURES:,}",
                "s",
                1.1,
            ),
            figure(
                "  memory then",
                [many["megabytes"][part]],
                some["megabytes"][part],
                f"with {SOME_PICTURES:,} pictures",
                "MB",
                1.1,
            ),
        )
    ]


def learning_figures(found: dict) -> list[Figure]:
    losses, accuracies = ([[one[place] for one in found[side]] for side in ("ours", "peer")] for place in (0, 1))
    seeds = len(found["ours"])
    points = [100 * (ours - peer) for ours, peer in zip(*accuracies, strict=True)]
    less = [ours - peer for ours, peer in zip(*losses, strict=True)]
    return [
        no_worse(
            f"valid accuracy, {seeds} seeds: {interval(points, '+.1f')} points", *accuracies, REFERENCE, at_least=True
        ),
        no_worse(f"valid loss, {seeds} seeds: {interval(less, '+.3f')}", *losses, REFERENCE, at_least=False),
    ]


def gpu_figures(found: dict) -> list[Figure]:
    speeds, gpu = found["pictures_per_second"], found["gpu"]
    limit = max((speeds["bare"], speeds["bare with graphs"]), key=statistics.median)
    return [
        figure(f"ResNet34, batches of 64, on {gpu}", speeds["loop"], limit, "the bare step", "1/s", 0.9, at_least=True),
        figure("  kernel by kernel", speeds["loop without graphs"], limit, "the bare step", "1/s", None, at_least=True),
    ]


if __name__ == "__main__":
    main()
