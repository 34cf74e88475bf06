"""What a worker tells of its GPU's memory."""

import pytest
import torch

from container.serving.server.worker_telemetry import gpu_line, read_gpu_line

IN_USE = torch.cuda.is_available()


@pytest.mark.skipif(IN_USE, reason="another test may have used the GPU of this machine")
def test_a_worker_whose_model_is_on_no_gpu_tells_nothing():
    assert gpu_line(0) is None
    assert not torch.cuda.is_initialized()


@pytest.mark.skipif(not IN_USE, reason="needs a GPU")
def test_what_the_model_takes_is_told():
    torch.zeros(1, device="cuda")
    _, (before, _) = read_gpu_line(gpu_line(3).encode())
    held = torch.zeros(2**28, dtype=torch.uint8, device="cuda")
    gpu, (used, total) = read_gpu_line(gpu_line(3).encode())
    assert gpu == 3 and before + held.numel() // 2 < used < total


def test_a_line_is_read_as_it_was_written_and_another_is_let_be():
    assert read_gpu_line(b"gpu 1 2000 16000") == (1, (2_000, 16_000))
    assert read_gpu_line(b"connections 4") is None
