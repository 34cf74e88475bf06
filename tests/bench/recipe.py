"""`python -m tests.bench.recipe --train-image IMAGE --data FOLDER_OR_ZIP`: what each part of the recipe is worth.

From the ImageNet weights in the train image, one hyperparameter changed at a time, several seeds: a head on the frozen
backbone's features, and the whole network fine-tuned. Writes out/bench/recipe.json. The peer of every change is the
recipe as it is by default; that of the default with a frozen backbone is scikit-learn's logistic regression on the same
features.
"""

from pathlib import Path
from statistics import mean

from docker import DockerClient

from local_test.host.engine import connect
from tests.bench.asked import asked, pictures
from tests.bench.figures import Figure, figure, interval, no_worse, write
from tests.bench.linear_probe import probe_accuracy
from tests.bench.program_in_image import run_program

BESIDE = ["tests/bench/one_core_each.py", "tests/bench/recipe_change.py"]
DEFAULT = "default"


def main() -> None:
    parser = asked("Measure the recipe.")
    parser.add_argument("--only", choices=("frozen", "fine-tuned"), help="one half; default: both")
    args = parser.parse_args()
    data = pictures(args)
    engine, figures = connect(), []
    if args.only != "fine-tuned":
        figures += frozen(engine, args.train_image, data)
    if args.only != "frozen":
        figures += fine_tuned(engine, args.train_image, data)
    write(Path("out/bench/recipe.json"), figures, ["scikit-learn"])


def frozen(engine: DockerClient, image: str, data: Path) -> list[Figure]:
    """A head on the features of the frozen backbone."""
    found = run_program(engine, image, "recipe_frozen.py", [], data, BESIDE)
    tested = found["changes"][DEFAULT]["test"]
    probe = [probe_accuracy(found["features"])] * len(tested)
    name = f"frozen, default, on the test split: {_gain(tested, probe)} points"
    beside = no_worse(name, tested, probe, "logistic regression on the same features", at_least=True)
    return [beside, *_changes("frozen", found["changes"])]


def fine_tuned(engine: DockerClient, image: str, data: Path) -> list[Figure]:
    """The whole network."""
    return _changes("fine-tuned", run_program(engine, image, "recipe_fine_tuned.py", [], data, BESIDE))


def _changes(kind: str, found: dict[str, dict[str, list[float]]]) -> list[Figure]:
    """found: accuracies by change, split and seed."""
    default = found[DEFAULT]
    return [
        figure(
            f"{kind}, {change}: {_gain(one['valid'], default['valid'])} points; test "
            f"{mean(_points(one['test'], default['test'])):+.1f}",
            one["valid"],
            default["valid"],
            "the default recipe",
            "",
            None,
        )
        for change, one in found.items()
        if change != DEFAULT
    ]


def _gain(accuracies: list[float], other: list[float]) -> str:
    """Percentage points more than the other, seed by seed."""
    return interval(_points(accuracies, other), "+.1f")


def _points(accuracies: list[float], other: list[float]) -> list[float]:
    return [100 * (one - beside) for one, beside in zip(accuracies, other, strict=True)]


if __name__ == "__main__":
    main()
