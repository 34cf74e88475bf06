"""Which tensors are saved, and when: smdebug's collections, by default or as SageMaker's DebugHookConfig has them."""

import os
import re
from pathlib import Path

from torch import nn

from container.debugging.module_tensors import RELUS
from container.debugging.smdebug_library import (
    CONFIG_FILE_PATH_ENV_STR,
    DEFAULT_CONFIG_FILE_PATH,
    CollectionKeys,
    Hook,
    ModeKeys,
    ReductionConfig,
    SaveConfig,
    SaveConfigMode,
    collect_hook_config_params,
    create_hook_from_json_config,
    get_json_config_as_dict,
)
from container.model.head import head_of

LOSS_INTERVAL = 10  # training steps
REDUCTIONS = {"reductions": ["min", "max", "mean", "std"], "abs_reductions": ["mean"], "norms": ["l2"]}
WHOLE_TENSORS = ("head", "head_outputs", "relu_activity")
# What the tensors of these are called depends on the model. A configuration may name these collections, too, and needs
# no include_regex for them.
OF_THE_MODEL = (*WHOLE_TENSORS, "relu_input", "relu_output")
NOTHING = "(?!)"  # matches no name


def configuration_file() -> Path | None:
    """SageMaker's debughookconfig.json, or the file that SMDEBUG_CONFIG_FILE_PATH names; None where there is none."""
    path = Path(os.environ.get(CONFIG_FILE_PATH_ENV_STR, DEFAULT_CONFIG_FILE_PATH))
    return path if path.is_file() else None


def configured_folder(config: Path) -> Path:
    """Where a configuration has tensors saved. Raises what smdebug raises for one that it cannot read."""
    return Path(collect_hook_config_params(get_json_config_as_dict(str(config)))["out_dir"])


def configured_hook(config: Path) -> Hook:
    """The hook of a configuration. Raises what smdebug raises for one that it cannot use."""
    hook = create_hook_from_json_config(Hook, str(config))
    for name in OF_THE_MODEL:
        if name in hook.include_collections and not hook.get_collection(name).include_regex:
            hook.get_collection(name).include(NOTHING)
    return hook


def default_hook(folder: Path, save_interval: int) -> Hook:
    """The hook where SageMaker gives no configuration; see TensorHook for what it saves. save_interval: steps."""
    always, reduced = SaveConfigMode(save_interval=1), ReductionConfig(**REDUCTIONS)
    tensors = [CollectionKeys.WEIGHTS, CollectionKeys.BIASES, CollectionKeys.GRADIENTS]
    hook = Hook(
        out_dir=str(folder),
        save_config=SaveConfig(save_interval=save_interval),
        reduction_config=reduced,
        include_collections=[CollectionKeys.LOSSES, *tensors, *OF_THE_MODEL],
    )
    losses = hook.get_collection(CollectionKeys.LOSSES)
    losses.save_config = {
        ModeKeys.TRAIN: SaveConfigMode(save_interval=min(LOSS_INTERVAL, save_interval)),
        ModeKeys.EVAL: always,
    }
    for name in OF_THE_MODEL:
        collection = hook.get_collection(name)
        collection.include(NOTHING)
        if name in WHOLE_TENSORS:
            collection.reduction_config = ReductionConfig(save_raw_tensor=True)
    return hook


def add_names_of_model(hook: Hook, model: nn.Module) -> None:
    """Tell the collections OF_THE_MODEL what their tensors are called, where no include_regex says it."""
    names = {module: name or type(model).__name__ for name, module in model.named_modules()}
    logits = [module for module in head_of(model).modules() if isinstance(module, nn.Linear)][-1]
    relus = "|".join(re.escape(name) for module, name in names.items() if isinstance(module, RELUS)) or NOTHING
    head = f"{type(model).__name__}_{model.head_name}{'.' if model.head_name else ''}"
    patterns = {
        "head": f"^({Hook.GRADIENT_PREFIX})?{re.escape(head)}",
        "head_outputs": f"^{re.escape(names[logits])}_output_",
        "relu_input": f"^({relus})_input_",
        "relu_output": f"^({relus})_output_",
        "relu_activity": f"^({relus})_activity_",
    }
    for name, pattern in patterns.items():
        collection = hook.get_collections().get(name)
        if collection and collection.include_regex == [NOTHING]:
            collection.include_regex = [pattern]
