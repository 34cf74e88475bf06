"""`python -m tests.bench.debugger --train-image IMAGE [--data FOLDER_OR_ZIP]`: what hook, rules and profile cost a
training step.

With default settings, in the train image, beside the same epoch without them, in turn. Writes out/bench/debugger.json.
"""

from pathlib import Path

from local_test.host.engine import connect
from tests.bench.asked import asked, pictures
from tests.bench.figures import Figure, figure, write
from tests.bench.program_in_image import run_program

OFF = "off"
# What is switched on, in words, and the most that it may make of the time.
VARIANTS = {
    "hook": ("hook", 1.03),
    "rules": ("hook and rules", None),
    "profile": ("profile", 1.02),
    "all": ("all of them", None),
}
ROUNDS = 5
BESIDE = [f"tests/bench/{name}.py" for name in ("training_speed", "reference", "one_core_each", "own_memory")]


def main() -> None:
    args = asked("Measure what watching a run costs.").parse_args()
    image, data = args.train_image, pictures(args)
    engine = connect()
    found: dict[str, list[dict]] = {variant: [] for variant in (OFF, *VARIANTS)}
    for turn in range(ROUNDS):
        for variant in found:
            found[variant].append(run_program(engine, image, "debugger_speed.py", [variant], data, BESIDE))
            print(f"round {turn + 1}, {variant}: {found[variant][-1]['seconds']:.2f} s", flush=True)
    versions = run_program(engine, image, "training_speed.py", ["versions"], data, BESIDE[1:])
    write(Path("out/bench/debugger.json"), debugger_figures(found), [], versions)


def debugger_figures(found: dict[str, list[dict]]) -> list[Figure]:
    seconds = {variant: [one["seconds"] for one in runs] for variant, runs in found.items()}
    setting = found[OFF][0]
    return [
        figure(
            f"{setting['steps']} steps with {words}, one of them saved",
            seconds[variant],
            seconds[OFF],
            "without",
            "s",
            goal,
        )
        for variant, (words, goal) in VARIANTS.items()
    ]


if __name__ == "__main__":
    main()
