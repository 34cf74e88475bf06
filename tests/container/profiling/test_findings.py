"""Findings are right on runs that were made slow in a known way, and there are none on healthy ones.

Steps are real: a network, an optimizer, and inputs that are late or not. A GPU's metrics are recorded numbers.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet18

from container.data.class_folders import Split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import PictureStore
from container.pictures.preprocessing import Preprocessing
from container.profiling.finding import Facts
from container.profiling.findings import find
from container.profiling.step_times import StepTimes

CPU = torch.device("cpu")
ON_CPU = Facts(batch_size=8, workers=0, cores=4, device="cpu")
ON_GPU = replace(ON_CPU, device="cuda", gpu_memory_used=60, gpu_memory_total=80)
NOTHING = {"seconds": [], "values": {}}


def trained(model, inputs, steps):
    """StepTimes of steps with what inputs(step) returns: float32 [b, 3, side, side]."""
    optimizer, times = torch.optim.SGD(model.parameters(), lr=0.01), StepTimes(CPU)
    times.begin()
    for step in range(steps):
        batch = inputs(step)
        times.mark("data")
        loss = F.cross_entropy(model(batch), torch.zeros(len(batch), dtype=torch.int64))
        times.mark("forward")
        optimizer.zero_grad()
        loss.backward()
        times.mark("backward")
        optimizer.step()
        times.mark("optimizer")
        times.end_step()
    return times


def small_network():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    )


def asleep(step):
    time.sleep(0.05)
    return torch.zeros(4, 3, 32, 32)


@pytest.fixture(scope="module")
def late():
    """The summary of a run whose loader sleeps longer than a step computes."""
    return trained(small_network(), asleep, 15).summary()


@pytest.fixture
def steady():
    """The summary of a run whose inputs are there. Steps that other work on this machine made slow are not counted."""
    batch = torch.zeros(4, 3, 32, 32)
    return trained(small_network(), lambda step: batch, 40).summary() | {"outliers": 0}


def system(points=100, **values):
    """A series with a point a second. values: by metric, `_` for the last `/`; a number or one for each point."""
    return {
        "seconds": [float(second) for second in range(points)],
        "values": {
            metric.replace("_", "/").replace("IOWait", "I/OWaitPercentage"): np.broadcast_to(
                np.float64(value), points
            ).tolist()
            for metric, value in values.items()
        },
    }


def gpu_run(**changed):
    usual = {
        "cpu0_CPUUtilization": 60,
        "cpu1_CPUUtilization": 40,
        "cpu0_IOWait": 1,
        "gpu0_GPUUtilization": 96,
        "gpu0_GPUMemoryUtilization": 80,
    }
    return system(**usual | changed)


def rules(findings):
    return [finding.rule for finding in findings]


def test_a_sleeping_loader_is_found_as_waiting_for_data(late):
    [finding] = find(late, NOTHING, ON_CPU)
    assert finding.rule == "WaitingForData" and finding.value > 50 and finding.threshold == 20
    assert finding.sentence.startswith(f"Steps waited for data {finding.value:.0f}% of the time (threshold 20%)")
    assert "more cores" in finding.advice


def test_one_worker_on_several_cores_is_found_as_such(late):
    waiting, dataloader = find(late, NOTHING, replace(ON_CPU, workers=1))
    assert (dataloader.rule, dataloader.value, dataloader.threshold) == ("Dataloader", 25, 70)
    assert dataloader.sentence.startswith("1 worker made the inputs on 4 cores") and "workers=4" in waiting.advice


def test_far_more_workers_than_cores_are_found_as_such(late):
    dataloader = find(late, NOTHING, replace(ON_CPU, workers=12))[1]
    assert (dataloader.rule, dataloader.value, dataloader.threshold) == ("Dataloader", 300, 200)


def test_the_number_of_workers_is_no_matter_while_steps_do_not_wait(steady):
    assert find(steady, NOTHING, replace(ON_CPU, workers=1)) == []


def test_a_healthy_run_on_pictures_gives_no_finding():
    preprocessing = Preprocessing.for_image_size(64)
    side, count = preprocessing.square_size, 16
    squares = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    store = PictureStore(
        Split("train", ("Amber hound",), tuple(Path(f"{number}.jpg") for number in range(count)), (0,) * count),
        squares,
        {},
        content_digest="",
    )
    examples = PictureExamples(store, preprocessing, min_crop=0.35)
    rows = torch.arange(16)

    def inputs(step):
        return examples.training_inputs(rows, 1, torch.Generator().manual_seed(step), CPU)

    summary = trained(resnet18(num_classes=5), inputs, 12).summary()
    assert summary["steps"] == 12 and summary["phases"]["data"]["mean"] > 0
    assert find(summary, system(cpu0_CPUUtilization=97, cpu1_CPUUtilization=93), ON_CPU) == []


def test_a_healthy_run_on_a_gpu_gives_no_finding(steady):
    assert find(steady, gpu_run(), ON_GPU) == []


def test_on_a_cpu_the_rules_for_gpus_say_nothing(steady):
    assert find(steady, system(cpu0_CPUUtilization=99, cpu1_CPUUtilization=99, cpu0_IOWait=90), ON_CPU) == []


def test_a_few_steps_are_too_few_to_judge():
    assert find(trained(small_network(), asleep, 3).summary(), NOTHING, ON_CPU) == []


def test_one_busy_core_among_idle_ones_is_found_on_a_cpu(steady):
    one_busy = system(cpu0_CPUUtilization=98, cpu1_CPUUtilization=12, cpu2_CPUUtilization=3)
    [finding] = find(steady, one_busy, replace(ON_CPU, workers=1, cores=3))
    assert (finding.rule, finding.value) == ("CoreImbalance", 86) and "workers=3" in finding.advice


def test_a_busy_core_that_changes_is_found_too(steady):
    turns = np.arange(100) % 2 * 90
    assert rules(find(steady, system(cpu0_CPUUtilization=turns, cpu1_CPUUtilization=90 - turns), ON_CPU)) == [
        "CoreImbalance"
    ]


def test_half_of_the_cores_busy_is_no_imbalance(steady):
    """As with two hardware threads a core, of which torch uses one."""
    half = system(cpu0_CPUUtilization=98, cpu1_CPUUtilization=98, cpu2_CPUUtilization=2, cpu3_CPUUtilization=2)
    assert find(steady, half, ON_CPU) == []


def test_on_a_gpu_one_busy_core_is_found_only_while_steps_wait_for_data(steady, late):
    busy = gpu_run(cpu0_CPUUtilization=99, cpu1_CPUUtilization=5)
    assert find(steady, busy, ON_GPU) == []
    assert rules(find(late, busy, replace(ON_GPU, workers=1))) == ["WaitingForData", "Dataloader", "CoreImbalance"]


def test_a_tiny_batch_is_found_as_too_small_for_the_gpu(steady):
    tiny = gpu_run(gpu0_GPUUtilization=35, gpu0_GPUMemoryUtilization=9, cpu0_CPUUtilization=50)
    low, batch = find(steady, tiny, replace(ON_GPU, batch_size=1, gpu_memory_used=4))
    assert (low.rule, low.value, low.threshold) == ("LowGPUUtilization", 35, 70)
    assert (batch.rule, batch.value, batch.threshold) == ("BatchSize", 5, 70)
    assert (
        batch.sentence.startswith("Batches of 1 picture used 5% of the GPU's memory") and "batch-size=2" in batch.advice
    )


def test_a_small_batch_that_keeps_the_gpu_busy_is_none_too_small(steady):
    assert find(steady, gpu_run(gpu0_GPUMemoryUtilization=9), replace(ON_GPU, gpu_memory_used=4)) == []


def test_without_what_torch_counted_the_drivers_memory_counts(steady):
    tiny = gpu_run(gpu0_GPUUtilization=35, gpu0_GPUMemoryUtilization=9)
    assert find(steady, tiny, replace(ON_GPU, gpu_memory_total=0))[1].value == 9


def test_a_busy_core_beside_an_idle_gpu_is_a_cpu_bottleneck(steady):
    mostly = np.where(np.arange(100) < 60, 5, 96)
    findings = find(steady, gpu_run(cpu1_CPUUtilization=95, gpu0_GPUUtilization=mostly), ON_GPU)
    assert (findings[0].rule, findings[0].value, findings[0].threshold) == ("CPUBottleneck", 60, 50)
    half = np.where(np.arange(100) < 50, 5, 96)
    assert "CPUBottleneck" not in rules(find(steady, gpu_run(cpu1_CPUUtilization=95, gpu0_GPUUtilization=half), ON_GPU))


def test_waiting_for_the_disk_beside_an_idle_gpu_is_an_io_bottleneck(steady):
    findings = find(steady, gpu_run(cpu0_IOWait=60, gpu0_GPUUtilization=3), ON_GPU)
    assert (findings[0].rule, findings[0].value, findings[0].threshold) == ("IOBottleneck", 100, 50)
    assert "IOBottleneck" not in rules(find(steady, gpu_run(cpu0_IOWait=60), ON_GPU))


def test_a_gpu_that_is_used_in_bursts_is_found(steady):
    [finding] = find(steady, gpu_run(gpu0_GPUUtilization=np.where(np.arange(100) % 10 == 0, 2, 97)), ON_GPU)
    assert (finding.rule, finding.value, finding.threshold) == ("LowGPUUtilization", 2, 10)


def test_of_several_gpus_the_idle_one_is_found(steady):
    [finding] = find(steady, gpu_run(gpu1_GPUUtilization=20), ON_GPU)
    assert (finding.rule, finding.value) == ("LowGPUUtilization", 20)


def test_memory_that_grows_is_found_and_the_rise_at_the_beginning_is_not(steady):
    growing = gpu_run(gpu0_GPUMemoryUtilization=np.linspace(20, 80, 100))
    [finding] = find(steady, growing, ON_GPU)
    assert (
        finding.rule == "GPUMemoryIncrease" and finding.value == pytest.approx(39.4, abs=0.1) and finding.threshold == 5
    )
    assert find(steady, gpu_run(gpu0_GPUMemoryUtilization=np.where(np.arange(100) < 5, 1, 80)), ON_GPU) == []


def test_only_the_time_of_the_steps_is_judged(steady):
    """While pictures are decoded, before the first step, all cores work and the GPU has nothing to do."""
    decoding = np.arange(100) < 60
    run = gpu_run(cpu0_CPUUtilization=np.where(decoding, 100, 60), gpu0_GPUUtilization=np.where(decoding, 0, 96))
    assert find(steady, run, replace(ON_GPU, steps_from=60.0)) == []
    assert "CPUBottleneck" in rules(find(steady, run, ON_GPU))
    ended = gpu_run(gpu0_GPUUtilization=np.where(np.arange(100) < 60, 96, 0))
    assert find(steady, ended, replace(ON_GPU, steps_to=59.0)) == []


def test_a_gpu_that_stopped_answering_is_not_judged(steady):
    run = gpu_run(gpu0_GPUUtilization=5)
    run["values"]["gpu0/GPUUtilization"][-1] = None
    assert find(steady, run, ON_GPU) == []


def test_a_few_points_of_the_system_are_too_few_to_judge(steady):
    assert find(steady, gpu_run(points=10, gpu0_GPUUtilization=5), ON_GPU) == []


@pytest.mark.parametrize("outliers, found", [(10, []), (11, ["StepOutlier"])])
def test_more_than_ten_slow_steps_are_found(steady, outliers, found):
    assert rules(find(steady | {"outliers": outliers}, NOTHING, ON_CPU)) == found


def test_steps_that_were_slow_in_fact_are_found():
    def sometimes_late(step):
        if step % 6 == 5:
            time.sleep(0.15)
        return torch.zeros(4, 3, 32, 32)

    times = trained(small_network(), sometimes_late, 80)
    finding = find(times.summary(), NOTHING, ON_CPU)[-1]
    assert finding.rule == "StepOutlier" and finding.value >= 13 and "of 80 steps" in finding.sentence
    phases = {outlier.number: outlier.phase for outlier in times.outliers(limit=80)}  # other work may add some
    assert [phases.get(step) for step in range(6, 81, 6)] == ["data"] * 13
