"""`python -m tests.bench.recipe --train-image IMAGE --data FOLDER_OR_ZIP`: what each part of the recipe is worth.

ResNet18 from scratch, one hyperparameter changed at a time, several seeds. Writes out/bench/recipe.json: the peer of
every figure is the recipe as it is by default."""

from pathlib import Path

from local_test.host.engine import connect
from tests.bench.asked import image_and_pictures
from tests.bench.figures import figure, interval, write
from tests.bench.program_in_image import run_program

SIZE, EPOCHS, SEEDS = 64, 12, 5


def _gain(accuracies: list[float], default: list[float]) -> str:
    """Percentage points over the default recipe, seed by seed."""
    return interval([100 * (one - other) for one, other in zip(accuracies, default, strict=True)], "+.1f")


def main() -> None:
    image, data = image_and_pictures("Measure the recipe.")
    found = run_program(
        connect(), image, "recipe_runs.py", [str(SIZE), str(EPOCHS), str(SEEDS)], data, ["tests/bench/one_core_each.py"]
    )
    default = found.pop("default")
    write(
        Path("out/bench/recipe.json"),
        [
            figure(
                f"{change}: {_gain(accuracies, default)} points",
                accuracies,
                default,
                "the default recipe",
                "",
                None,
            )
            for change, accuracies in found.items()
        ],
        [],
    )


if __name__ == "__main__":
    main()
