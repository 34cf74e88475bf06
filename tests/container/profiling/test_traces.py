"""Traces of chosen steps are files that Perfetto and TensorBoard read; other steps are left alone."""

import gzip
import json
import re

import pytest
import torch

from container.profiling.traces import Traces
from contract.trace_steps import MOST_STEPS, parse_steps


@pytest.mark.parametrize(
    "text, steps",
    [
        ("off", []),
        ("10-12", [10, 11, 12]),
        ("10", [10]),
        (" 3-3 ", [3]),
        (f"1-{MOST_STEPS}", list(range(1, MOST_STEPS + 1))),
    ],
)
def test_the_hyperparameters_text_becomes_steps(text, steps):
    assert list(parse_steps(text)) == steps


@pytest.mark.parametrize(
    "text", ["", "on", "10-", "-3", "12-10", "0", "0-3", "1.5", "1-2-3", f"1-{MOST_STEPS + 1}", "１"]
)
def test_any_other_text_is_a_sentence(text):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        parse_steps(text)


def run(traces, steps):
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())
    for step in steps:
        traces.before_step(step)
        model(torch.randn(2, 3, 16, 16)).sum().backward()
        traces.after_step(step)


def names(file):
    return [event.get("name") for event in json.loads(gzip.decompress(file.read_bytes()))["traceEvents"]]


def test_a_trace_of_real_steps_names_their_convolution_and_their_numbers(tmp_path):
    run(Traces(tmp_path, parse_steps("3-4")), range(1, 7))
    [file] = (tmp_path / "traces").iterdir()
    found = names(file)
    assert sum(name == "aten::conv2d" for name in found) == 2
    assert {name for name in found if name.startswith("ProfilerStep#")} == {"ProfilerStep#3", "ProfilerStep#4"}


def test_the_file_has_the_name_that_tensorboards_plugin_looks_for(tmp_path):
    run(Traces(tmp_path, parse_steps("2-3")), range(1, 5))
    [file] = (tmp_path / "traces").iterdir()
    # what torch_tb_profiler 0.4.3 takes, with or without .gz
    assert re.fullmatch(r"steps-2-3(\.\d+)?\.pt\.trace\.json(\.gz)?", file.name)


def test_steps_that_were_not_chosen_leave_no_file_and_no_profiler(tmp_path):
    traces = Traces(tmp_path, parse_steps("off"))
    run(traces, range(1, 4))
    traces.close()
    assert list(tmp_path.iterdir()) == [] and not torch.autograd._profiler_enabled()


def test_each_unbroken_run_of_steps_is_a_file(tmp_path):
    run(Traces(tmp_path, {1, 3, 4}), range(1, 6))
    assert sorted(file.name.split(".")[0] for file in (tmp_path / "traces").iterdir()) == ["steps-1-1", "steps-3-4"]


def test_a_run_that_ends_early_keeps_what_it_traced(tmp_path):
    traces = Traces(tmp_path, parse_steps("2-9"))
    run(traces, range(1, 4))
    assert not (tmp_path / "traces").exists()
    traces.close()
    [file] = (tmp_path / "traces").iterdir()
    assert (
        file.name.startswith("steps-2-3.")
        and "ProfilerStep#3" in names(file)
        and not torch.autograd._profiler_enabled()
    )
