"""What differs on a GPU. Skipped where there is none."""

from dataclasses import replace

import pytest
import torch

from container.model.model_file import load_checkpoint
from container.serving import inference
from container.serving.inference.network import (
    PROBABILITY_TOLERANCE,
    LogitsAndFeatures,
    patterns,
    prepare_network,
    replayed_by_size,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_replayed_graphs_answer_as_the_network_does_at_every_size(model_dir, count):
    network = LogitsAndFeatures(load_checkpoint(model_dir), lambda backbone: backbone, torch.float32).eval().cuda()
    inputs = patterns(64).cuda().repeat(5, 1, 1, 1)[:count]
    forward = replayed_by_size(network, inputs, [1, 2, 4, 8])  # 3 and 5 are padded, 9 is too large for a graph
    with torch.inference_mode():
        for given in (inputs, inputs * 0.5):
            for wanted, found in zip(network(given), forward(given), strict=True):
                assert torch.allclose(wanted, found, atol=1e-4)


def test_a_result_is_not_overwritten_by_the_next_replay(model_dir):
    network = LogitsAndFeatures(load_checkpoint(model_dir), lambda backbone: backbone, torch.float32).eval().cuda()
    inputs = patterns(64).cuda()
    forward = replayed_by_size(network, inputs, [2])
    first = forward(inputs)[0]
    before = first.clone()
    forward(inputs * 0.1)
    assert torch.equal(first, before)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_form_that_answers_is_replayed_in_half_precision_and_agrees(model_dir, temperature):
    checkpoint = replace(load_checkpoint(model_dir), temperature=temperature)
    inputs = patterns(64)
    with torch.inference_mode():
        wanted = (checkpoint.model(inputs) / temperature).softmax(1)
    network = prepare_network(checkpoint, torch.device("cuda"), [1, 2])
    assert "CUDA graphs" in network.form and torch.allclose(
        network(inputs.cuda())[0], wanted, atol=PROBABILITY_TOLERANCE
    )


def test_two_threads_may_answer_at_once(model_dir, picture):
    from concurrent.futures import ThreadPoolExecutor

    from container.pictures.preprocessing import open_picture

    model = inference.model_fn(str(model_dir))
    alone = [inference.predict_fn(open_picture(picture(colour=colour)), model) for colour in ("red", "blue")]
    with ThreadPoolExecutor(2) as pool:
        together = list(
            pool.map(
                lambda colour: inference.predict_fn(open_picture(picture(colour=colour)), model), ["red", "blue"] * 50
            )
        )
    assert together == alone * 50


def test_a_saliency_map_is_the_one_of_the_cpu_and_answers_after_it_stay_as_they_were(model_dir, picture):
    import numpy as np

    from container.pictures.preprocessing import open_picture
    from container.serving.inference.saliency import Saliency

    model = inference.model_fn(str(model_dir))
    before = inference.predict_fn(open_picture(picture()), model)
    [square] = model.squares([open_picture(picture())])
    wanted = Saliency(load_checkpoint(model_dir), torch.device("cpu"))(square, 0)
    assert np.allclose(model.saliency(square, 0), wanted, atol=0.02)
    assert inference.predict_fn(open_picture(picture()), model) == before
