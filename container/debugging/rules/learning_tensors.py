"""Tells parameters that learn from those that are frozen, whose weights stay the same as they should."""

from container.debugging.saved_step import SavedStep


def learning(step: SavedStep, names: list[str]) -> list[str]:
    """The names without the parameters that had no gradient at this step, while others had one."""
    gradients = {name.removeprefix("gradient/") for name in step.names(["gradients"])}
    parameters = set(step.names(["weights", "biases"]))
    return [name for name in names if not gradients or name not in parameters or name in gradients]
