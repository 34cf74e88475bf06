"""Several processes train one model as one process would; they end together, also when one of them dies."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from container.data.batches import shuffled_batches
from container.runtime.failure import TrainingFailure
from container.runtime.launch import PORT, ProcessRank, process_ranks_here, run_all
from container.runtime.ranks import Ranks, is_of_a_lost_peer
from tests.container.runtime.two_processes import learn

PROGRAM = Path(__file__).with_name("two_processes.py")
TWO_PROCESSES = [ProcessRank(rank, 2, rank, 2, "127.0.0.1", PORT) for rank in range(2)]


def run(*program, stop_requested=False, failed=lambda status: None) -> int:
    return run_all(TWO_PROCESSES, [sys.executable, *program], lambda: stop_requested, failed)


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--epochs", "3"],
        ["--epochs", "3", "--head-epochs", "1", "--ema", "0.5", "--early-lr", "0.5"],
        ["--epochs", "2", "--batch-size", "64", "--test-flip", "true"],
    ],
    ids=["plain", "head first", "one batch"],
)
def test_two_processes_learn_what_one_learns_with_the_same_batch_size(tmp_path, arguments):
    """To 1e-4: sums in another order."""
    expected = learn(arguments, Ranks())
    assert run(str(PROGRAM), str(tmp_path), *arguments) == 0
    both = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    for found in both:
        assert found["losses"] == pytest.approx(expected["losses"], abs=1e-4)
        assert (
            torch.allclose(found["probabilities"], expected["probabilities"], atol=1e-4)
            and len(found["probabilities"]) == 7
        )
        assert found["loss"] == pytest.approx(expected["loss"], abs=1e-4)
        assert all(
            torch.allclose(found["weights"][name], tensor, atol=1e-4) for name, tensor in expected["weights"].items()
        )
    assert all(torch.equal(both[0]["weights"][name], tensor) for name, tensor in both[1]["weights"].items())
    assert [found["agreed"] for found in both] == [
        {"any": True, "none": False, "first": "of 0", "first on host": 0, "same": True, "different": False}
    ] * 2


def test_a_process_that_dies_takes_the_others_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("die", "yes")
    statuses = []
    assert run(str(PROGRAM), str(tmp_path), "--epochs", "1", failed=statuses.append) == 7
    assert statuses == [7] and (tmp_path / "lost").read_text() == "True"


def test_one_process_agrees_with_itself():
    alone = Ranks()
    assert (
        alone.any(True)
        and not alone.any(False)
        and alone.agree("x")
        and alone.from_first(3) == alone.from_first_on_host(3) == 3
    )
    assert alone.part(7) == (0, 7)


@pytest.mark.parametrize(("count", "size"), [(7, 2), (2, 3), (10, 4), (0, 2)])
def test_shares_are_everything_once(count, size):
    parts = [Ranks(rank, size).part(count) for rank in range(size)]
    assert [row for start, stop in parts for row in range(start, stop)] == list(range(count))
    assert max(stop - start for start, stop in parts) - min(stop - start for start, stop in parts) <= 1


def test_a_small_data_set_is_one_batch_that_the_processes_can_share():
    [batch] = shuffled_batches(31, 64, torch.Generator().manual_seed(0), 2)
    assert len(batch) == 30


ONE_HOST = {"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1"}
SECOND_OF_TWO = {"SM_HOSTS": '["algo-1", "algo-2"]', "SM_CURRENT_HOST": "algo-2"}
LAUNCHED = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "algo-1",
    "MASTER_PORT": "29500",
}


@pytest.mark.parametrize(
    ("environment", "gpus", "expected"),
    [
        ({}, 0, [ProcessRank(0, 1, 0, 1, "localhost", PORT)]),
        (ONE_HOST, 1, [ProcessRank(0, 1, 0, 1, "algo-1", PORT)]),
        (ONE_HOST, 2, [ProcessRank(0, 2, 0, 2, "algo-1", PORT), ProcessRank(1, 2, 1, 2, "algo-1", PORT)]),
        (SECOND_OF_TWO, 0, [ProcessRank(1, 2, 0, 1, "algo-1", PORT)]),
        (SECOND_OF_TWO, 2, [ProcessRank(2, 4, 0, 2, "algo-1", PORT), ProcessRank(3, 4, 1, 2, "algo-1", PORT)]),
        (LAUNCHED, 2, [ProcessRank(3, 4, 1, 2, "algo-1", 29500)]),
    ],
)
def test_every_gpu_or_host_without_one_has_a_process(environment, gpus, expected):
    assert process_ranks_here(environment, gpus) == expected


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"WORLD_SIZE": "2", "RANK": "0"},
            r"WORLD_SIZE=2 .* LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_PORT, MASTER_ADDR of",
        ),
        ({**ONE_HOST, "SM_CURRENT_HOST": "algo-3"}, r"This host, algo-3, is not among the job's hosts, algo-1\."),
    ],
)
def test_variables_that_contradict_each_other_are_named(environment, sentence):
    with pytest.raises(TrainingFailure, match=sentence):
        process_ranks_here(environment, 0)


def test_sigterm_reaches_every_process(tmp_path):
    program = (
        "import os, signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
        "open(sys.argv[1] + '/' + os.environ['RANK'], 'w').close(); time.sleep(60); sys.exit(5)"
    )

    def stop_when_both_are_ready():
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_when_both_are_ready, daemon=True).start()
    assert run("-c", program, str(tmp_path)) == 0


def test_a_stop_that_came_before_the_processes_is_not_lost():
    assert run("-c", "import time; time.sleep(60)", stop_requested=True) == -signal.SIGTERM


def test_the_status_of_the_first_that_fails_is_the_runs(tmp_path):
    program = "import os, sys, time; sys.exit(4) if os.environ['RANK'] == '1' else time.sleep(60)"
    assert run("-c", program) == 4


def test_only_the_error_of_a_lost_peer_is_one():
    assert is_of_a_lost_peer(
        RuntimeError(
            "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [172.18.0.3]:2389"
        )
    )
    assert not is_of_a_lost_peer(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_of_a_lost_peer(TrainingFailure("Channel train has no picture of Igloo."))
