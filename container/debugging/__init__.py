"""The debugger: saves tensors of a training run in smdebug's format and evaluates rules on them meanwhile."""
