"""From a decoded request to an answer. An inference.py of yours may use this image's own functions: `from
container.serving import inference`.
"""

__all__ = ["Model", "input_fn", "model_fn", "output_fn", "predict_batch_fn", "predict_fn"]


def __getattr__(name: str) -> object:
    """On demand: the process that starts the others imports this package without torchvision."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from container.serving.inference import picture_functions

    return getattr(picture_functions, name)
