"""The command line of a training job that takes seconds."""


def small_job(*, monitored: bool = False, **hyperparameters: object) -> list[str]:
    """A small network from random weights, on small pictures, in steps of 10.

    Args:
        monitored: with the debugger and the profiler, as by default. What a run learns is tested without: they take
            seconds more, and have tests of their own.
        hyperparameters: more of them, or in the place of these; freeze_backbone=True is `--freeze-backbone true`.
    """
    monitors = {} if monitored else {"debugger": False, "profiler": False}
    small = {"pretrained": "none", "arch": "resnet18", "image_size": 32, "batch_size": 10}
    words = []
    for name, value in {**small, **monitors, **hyperparameters}.items():
        words += [f"--{name.replace('_', '-')}", str(value).lower() if isinstance(value, bool) else str(value)]
    return words
