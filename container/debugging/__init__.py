"""The debugger: tensors of a training run, saved in smdebug's format, and rules that are evaluated on them while the
run goes on.
"""
