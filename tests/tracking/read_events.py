"""FOLDER: as TensorBoard has it: by run its scalars, (step, value) by tag; and the sessions of the tab HPARAMS."""

import json
import sys

from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

runs = EventMultiplexer().AddRunsFromDirectory(sys.argv[1]).Reload()
found = {}
for run in runs.Runs():
    accumulator = runs.GetAccumulator(run)
    tags = accumulator.Tags()["tensors"]
    found[run] = {"scalars": {}, "hparams": {}, "status": 0}
    for tag in tags:
        plugin = accumulator.SummaryMetadata(tag).plugin_data
        if plugin.plugin_name == "scalars":
            found[run]["scalars"][tag] = [
                (one.step, float(tensor_util.make_ndarray(one.tensor_proto))) for one in accumulator.Tensors(tag)
            ]
        if plugin.plugin_name == "hparams":
            data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
            if data.HasField("session_start_info"):
                for name, value in data.session_start_info.hparams.items():
                    found[run]["hparams"][name] = getattr(value, value.WhichOneof("kind"))
            if data.HasField("session_end_info"):
                found[run]["status"] = data.session_end_info.status
print(json.dumps(found))
