"""What is different on a GPU. Runs where there is one."""

import io
import json
import multiprocessing

import pytest
import torch
from torch import nn

from container import train
from container.data.augmentation import cut_together, draw_variations
from container.data.batches import prepared
from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.model.head import create_head
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.runtime.failure import TrainingFailure
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.step_loss import StepLoss, as_graphs
from container.training.trainer import Trainer
from tests.container.small_job import small_job

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
SMALL = small_job(image_size=64, epochs=4, lr=0.002, label_smoothing=0)


@pytest.fixture
def store(channels, tmp_path):
    return decode_split(read_split(channels / "train", "train"), Preprocessing.for_image_size(64), tmp_path / "store")


def trainer_of(store, *more: str, mixed_precision=False) -> Trainer:
    hyperparameters = parse([*SMALL, *more])
    torch.manual_seed(0)
    examples = PictureExamples(
        store, Preprocessing.for_image_size(64), hyperparameters.min_crop, hyperparameters.trivial_augment
    )
    return Trainer(
        create_model(hyperparameters.arch, 3, dropout=hyperparameters.dropout),
        examples,
        3,
        hyperparameters,
        ComputeDevice.choose(mixed_precision=mixed_precision),
    )


def test_crops_are_those_of_the_cpu_to_within_a_step():
    squares = torch.randint(0, 256, (16, 3, 256, 256), dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
    variations = draw_variations(16, 256, 0.2, torch.Generator().manual_seed(0))
    here = cut_together(squares, variations, 224)
    there = cut_together(squares.cuda(), variations, 224).cpu()
    assert float((here - there.float()).abs().max()) < 0.5


@pytest.mark.parametrize(
    "more", [[], ["--ema", "0.9", "--mixup", "0.3"], ["--freeze-backbone", "true"], ["--trivial-augment", "true"]]
)
def test_graphs_compute_what_single_kernels_compute(store, more):
    """Three steps of all pictures at a rate that changes nothing; statistics have seen these steps, and no other."""
    seen = []
    for graphs in ("true", "false"):
        trainer = trainer_of(store, *more, "--batch-size", "30", "--lr", "1e-9", "--cuda-graphs", graphs)
        losses = [trainer.train_one_epoch(epoch) for epoch in (1, 2, 3)]
        gradients = torch.cat(
            [parameter.grad.flatten() for parameter in trainer.model.parameters() if parameter.grad is not None]
        )
        seen.append(
            (
                losses,
                gradients,
                {
                    name: value
                    for name, value in trainer.model.state_dict().items()
                    if "running" in name or "num_" in name
                },
            )
        )
    (losses, gradients, statistics), (their_losses, their_gradients, their_statistics) = seen
    assert losses == pytest.approx(their_losses, rel=1e-3) and len(set(losses)) == 3
    assert float((gradients - their_gradients).norm() / their_gradients.norm()) < 0.01
    assert all(
        torch.allclose(value.float(), their_statistics[name].float(), rtol=1e-2, atol=1e-4)
        for name, value in statistics.items()
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("more", [[], ["--head-epochs", "2", "--dropout", "0.2", "--early-lr", "0.5"]])
def test_every_precision_learns(store, dtype, more):
    """float16 is the T4's, with scaled gradients."""
    hyperparameters = parse([*SMALL, "--epochs", "8", "--batch-size", "15", *more])
    torch.manual_seed(0)
    examples = PictureExamples(store, Preprocessing.for_image_size(64), hyperparameters.min_crop)
    trainer = Trainer(
        create_model("resnet18", 3, dropout=hyperparameters.dropout),
        examples,
        3,
        hyperparameters,
        ComputeDevice(torch.device("cuda", 0), dtype),
    )
    losses = [trainer.train_one_epoch(epoch) for epoch in range(1, 9)]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize(
    "arch",
    [
        "alexnet",
        "vgg11_bn",
        "densenet121",
        "googlenet",
        "mnasnet0_5",
        "mobilenet_v2",
        "mobilenet_v3_large",
        "regnet_y_400mf",
        "resnext50_32x4d",
        "shufflenet_v2_x0_5",
        "convnext_tiny",
        "efficientnet_b0",
        "efficientnet_v2_s",
        "vit_b_16",
        "swin_t",
        "swin_v2_t",
        "maxvit_t",
    ],
)
def test_other_networks_can_be_captured(channels, tmp_path, arch, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    store = decode_split(read_split(channels / "train", "train"), Preprocessing.for_image_size(224), tmp_path / "store")
    hyperparameters = parse([*SMALL, "--arch", arch, "--image-size", "224"])
    examples = PictureExamples(store, Preprocessing.for_image_size(224), 0.35)
    trainer = Trainer(
        create_model(arch, 3), examples, 3, hyperparameters, ComputeDevice(torch.device("cuda", 0), torch.bfloat16)
    )
    assert trainer.train_one_epoch(1) > 0


class AsksTheGpu(nn.Module):
    """A network with an answer that Python waits for, which no graph can hold."""

    def __init__(self):
        super().__init__()
        self.head, self.head_name = create_head(3 * 64 * 64, 3, (8,), dropout=0.3), "head"

    def forward(self, inputs):
        return self.head(inputs.flatten(1) if float(inputs.sum()) > -1e9 else inputs.flatten(1) * 2)


def what_is_said_of_it() -> str:
    inputs, targets = torch.zeros((2, 3, 64, 64), device="cuda"), torch.full((2, 3), 1 / 3, device="cuda")
    try:
        as_graphs(StepLoss(AsksTheGpu().cuda(), 0.0), inputs, targets, ComputeDevice.choose())
    except TrainingFailure as failure:
        return str(failure)
    return ""


def test_a_network_that_cannot_be_captured_is_refused():
    with multiprocessing.get_context("spawn").Pool(1) as another_process:  # torch in this one stays as it is
        said = another_process.apply(what_is_said_of_it)
    assert said.startswith("This network's steps cannot be replayed as CUDA graphs: ") and said.endswith(
        "Set cuda-graphs=false."
    )


def test_inputs_made_ahead_are_whole_when_the_step_reads_them():
    device = torch.device("cuda", 0)

    def make(number):
        noise = torch.randn((2048, 2048), device=device)
        for _ in range(20):
            noise = noise @ noise / 50  # time enough to be overtaken
        return (noise.zero_().add_(number),)

    sums = [tensor.sum() for [tensor] in prepared(make, range(30), device)]
    assert [float(one) for one in sums] == [number * 2048.0 * 2048 for number in range(30)]


def test_a_gpu_answers_what_the_cpu_answers(store):
    trainer = trainer_of(store)
    trainer.train_one_epoch(1)
    there = evaluate(trainer.model, trainer._examples, trainer._device)
    here = evaluate(trainer.model.cpu(), trainer._examples, ComputeDevice(torch.device("cpu"), torch.float32))
    assert torch.allclose(there.probabilities, here.probabilities, atol=5e-3)


def test_a_resumed_run_is_where_the_other_was(store):
    whole = trainer_of(store, "--ema", "0.9")
    losses = [whole.train_one_epoch(epoch) for epoch in (1, 2)]
    saved = io.BytesIO()
    torch.save(whole.state_dict(), saved)
    resumed = trainer_of(store, "--ema", "0.9")
    resumed.load_state_dict(torch.load(io.BytesIO(saved.getvalue()), weights_only=True))
    assert resumed.step == whole.step and resumed.train_one_epoch(3) == pytest.approx(
        whole.train_one_epoch(3), rel=0.05
    )
    assert losses[1] < losses[0]


@pytest.mark.parametrize("more", [[], ["--freeze-backbone", "true"], ["--test-flip", "true", "--cutmix", "1"]])
def test_the_program_trains_and_leaves_a_model(job, more, capfd):
    assert train.main([*SMALL, *more]) == 0
    said = capfd.readouterr().out
    assert "float16" in said.splitlines()[0] and said.count("train_loss=") == 4  # bfloat16, too
    assert json.loads((job / "output/data/evaluation.json").read_text())["n"] == 12


def test_too_large_a_batch_is_said(job):
    torch.cuda.set_per_process_memory_fraction(4e9 / torch.cuda.mem_get_info()[1])
    try:
        assert train.main([*SMALL, "--image-size", "1024", "--arch", "resnet152", "--batch-size", "30"]) == 1
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "batch-size" in (job / "output/failure").read_text()
