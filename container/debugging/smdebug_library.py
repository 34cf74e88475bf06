"""smdebug, which saves tensors in SageMaker Debugger's format and reads them back: all names that this project uses.

smdebug is unmaintained and pinned; no other file imports it. The import takes seconds: import this file only where it
is needed. https://github.com/awslabs/sagemaker-debugger"""

import os

from container.runtime.library_internals import internals_of, require_attributes, require_parameters

# Read at the import; smdebug logs to stdout, where the metric lines are.
os.environ.setdefault("SMDEBUG_LOG_LEVEL", "warning")

with internals_of("smdebug", "docker/requirements/train.txt", "container/debugging/smdebug_library.py"):
    from smdebug.core.collection import Collection, CollectionKeys
    from smdebug.core.config_constants import CONFIG_FILE_PATH_ENV_STR, DEFAULT_CONFIG_FILE_PATH
    from smdebug.core.json_config import (
        collect_hook_config_params,
        create_hook_from_json_config,
        get_json_config_as_dict,
    )
    from smdebug.core.locations import TensorLocation
    from smdebug.core.modes import ModeKeys
    from smdebug.core.reduction_config import ReductionConfig
    from smdebug.core.reductions import get_reduction_tensor_name
    from smdebug.core.save_config import SaveConfig, SaveConfigMode
    from smdebug.core.tfevent.events_writer import EventsWriter
    from smdebug.core.tfevent.index_file_writer import IndexWriter
    from smdebug.core.tfevent.proto.event_pb2 import Event
    from smdebug.core.writer import FileWriter
    from smdebug.exceptions import (
        RuleEvaluationConditionMet,
        SMDebugError,
        StepUnavailable,
        TensorUnavailable,
        TensorUnavailableForStep,
    )
    from smdebug.pytorch.hook import Hook
    from smdebug.rules.rule import Rule
    from smdebug.trials import Trial, create_trial

    require_attributes(Hook, "_cleanup", "_collections_to_save", "_get_collections_with_tensor", "_prepare_collections")
    require_attributes(FileWriter, "_proto_writer", "event_file_path", "index_writer")
    require_parameters(EventsWriter, "path", "index_writer", "verbose", "write_checksum")
    require_parameters(TensorLocation, "tname", "mode", "mode_step", "event_file_name", "start_idx", "length", "worker")

__all__ = [
    "CONFIG_FILE_PATH_ENV_STR",
    "DEFAULT_CONFIG_FILE_PATH",
    "Collection",
    "CollectionKeys",
    "Event",
    "EventsWriter",
    "FileWriter",
    "Hook",
    "IndexWriter",
    "ModeKeys",
    "ReductionConfig",
    "Rule",
    "RuleEvaluationConditionMet",
    "SMDebugError",
    "SaveConfig",
    "SaveConfigMode",
    "StepUnavailable",
    "TensorLocation",
    "TensorUnavailable",
    "TensorUnavailableForStep",
    "Trial",
    "collect_hook_config_params",
    "create_hook_from_json_config",
    "create_trial",
    "get_json_config_as_dict",
    "get_reduction_tensor_name",
]
