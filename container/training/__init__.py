"""A step, an epoch, evaluation, and going on after an interruption."""
