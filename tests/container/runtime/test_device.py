"""The device and the precision that a job computes with."""

import pytest
import torch

from container.jobs.feature_bank import BankedExamples
from container.model.head import create_head
from container.runtime import device
from container.runtime.device import ComputeDevice, computes_in_bfloat16
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from tests.container.small_job import small_job

OLD = "processor : 0\nflags\t\t: fpu sse2 avx2 fma\nbogomips : 4000\n"


@pytest.mark.parametrize(
    ("cpu_info", "expected"),
    [
        (OLD, False),
        ("", False),
        (OLD.replace("fma", "fma avx512f avx512_bf16"), True),
        (OLD.replace("fma", "amx_bf16 amx_tile"), True),
        (OLD + "model name : a avx512_bf16\n", False),
    ],
)
def test_bfloat16_is_for_processors_that_have_it(cpu_info, expected):
    assert computes_in_bfloat16(cpu_info) is expected


NEW = OLD.replace("fma", "avx512_bf16")


@pytest.mark.parametrize(
    ("cpu_info", "mixed_precision", "dtype"),
    [(OLD, True, torch.float32), (NEW, True, torch.bfloat16), (NEW, False, torch.float32)],
)
def test_the_precision_is_chosen_and_said(tmp_path, monkeypatch, cpu_info, mixed_precision, dtype):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(device, "CPU_INFO", tmp_path / "cpuinfo")
    device.CPU_INFO.write_text(cpu_info)
    found = ComputeDevice.choose(mixed_precision=mixed_precision)
    assert found.dtype == dtype and str(found).endswith(str(dtype).removeprefix("torch."))


def test_a_head_learns_in_bfloat16_what_it_learns_in_float32():
    """To a hundredth: bfloat16 keeps 8 bits."""
    features = torch.randn(40, 1, 16, generator=torch.Generator().manual_seed(0)).half().numpy()
    labels = torch.arange(40).remainder(2).numpy()
    losses = []
    for dtype in (torch.float32, torch.bfloat16):
        torch.manual_seed(0)
        hyperparameters = parse(small_job(freeze_backbone=True, epochs=4, dropout=0))
        trainer = Trainer(
            create_head(16, 2, dropout=0),
            BankedExamples(features, labels),
            2,
            hyperparameters,
            ComputeDevice(torch.device("cpu"), dtype),
        )
        losses.append([trainer.train_one_epoch(epoch) for epoch in range(1, 5)])
        assert all(parameter.dtype == torch.float32 for parameter in trainer.model.parameters())
    assert losses[0][-1] < losses[0][0] and losses[1] == pytest.approx(losses[0], abs=0.01)
