"""SIGTERM, as the platform stops a job: to those of the process tree that it is for, once each."""

import time
from contextlib import suppress

import pytest
from docker.errors import APIError

# Notes each SIGTERM; after the first one, takes half a second to save. A second one drops what is being saved.
SAVES = """
import os, signal, sys, time
signals = []
def note(*_):
    signals.append(time.monotonic())
    if len(signals) == 2:
        print('dropped what was being saved', flush=True)
        os._exit(9)
signal.signal(signal.SIGTERM, note)
print('training', flush=True)
while not signals: time.sleep(0.01)
time.sleep(0.5)
open('/opt/ml/model/saved', 'w').write(str(len(signals)))
print('saved', flush=True)
"""
SHELL = "#!/bin/bash\n"


def stop(start, files, program, twice=True, **options):
    """Start, wait until it trains, SIGTERM, and again 50 ms later. Returns (exit status, container)."""
    container = start(
        {f"/opt/ml/code/{name}": text for name, text in files.items()}, {"sagemaker_program": program}, **options
    )
    container.printed("training")
    container.terminate()
    if twice:
        time.sleep(0.05)
        with suppress(APIError):  # a program that does not care has ended
            container.terminate()
    return container.ended(), container


@pytest.mark.parametrize(
    ("program", "files"),
    [
        ("train.py", {"train.py": SAVES}),
        ("train.sh", {"train.sh": SHELL + "python train.py\n", "train.py": SAVES}),
        ("train.sh", {"train.sh": SHELL + "exec python train.py\n", "train.py": SAVES}),
        ("train.sh", {"train.sh": SHELL + "set -e\npython train.py | tee /opt/ml/output/log\n", "train.py": SAVES}),
        ("train.sh", {"train.sh": "bash inner.sh\n", "inner.sh": "(python train.py) 2>&1 | cat\n", "train.py": SAVES}),
    ],
    ids=["python", "shell", "exec", "pipeline", "nested shells"],
)
def test_a_program_that_saves_on_sigterm_is_told_once_and_finishes(start, program, files):
    status, container = stop(start, files, program)
    assert (status, container.read("/opt/ml/model/saved")) == (0, "1"), container.log


def test_a_script_that_passes_it_on_by_itself_is_told_alone(start):
    script = SHELL + "trap 'kill -TERM $pid; wait $pid' TERM\npython train.py & pid=$!\nwait $pid\n"
    status, container = stop(start, {"train.sh": script, "train.py": SAVES}, "train.sh")
    assert (status, container.read("/opt/ml/model/saved")) == (143, "1"), (
        container.log
    )  # what bash says of a `wait` that a trap ended


def test_what_a_script_does_after_its_program_is_done(start):
    script = SHELL + "set -e\npython train.py\ncp /opt/ml/model/saved /opt/ml/model/copied\n"
    status, container = stop(start, {"train.sh": script, "train.py": SAVES}, "train.sh")
    assert (status, container.read("/opt/ml/model/copied")) == (0, "1"), container.log


def test_a_script_with_a_trap_hears_it_and_so_does_the_program_it_waits_for(start):
    script = SHELL + "trap 'echo trapped' TERM\npython train.py\nexit 5\n"
    status, container = stop(start, {"train.sh": script, "train.py": SAVES}, "train.sh")
    assert (status, container.read("/opt/ml/model/saved")) == (5, "1") and "trapped" in container.log, container.log


@pytest.mark.parametrize(
    ("program", "files"),
    [
        ("train.py", {"train.py": "import time; print('training', flush=True); time.sleep(1000)"}),
        (
            "train.sh",
            {
                "train.sh": SHELL + "python train.py\npython train.py\n",
                "train.py": "import time; print('training', flush=True); time.sleep(1000)",
            },
        ),
    ],
    ids=["python", "shell"],
)
def test_a_program_that_does_not_care_ends_at_once_with_143(start, program, files):
    status, container = stop(start, files, program)
    assert status == 143 and container.log.count("training\n") == 1, container.log


@pytest.mark.parametrize(
    "wrapper",
    [
        "subprocess.run([sys.executable, 'train.py'])",
        "subprocess.Popen([sys.executable, 'train.py']); time.sleep(1000)",
    ],
)
def test_a_child_whose_parent_dies_of_it_is_told_and_waited_for(start, wrapper):
    status, container = stop(
        start, {"wrapper.py": f"import subprocess, sys, time\n{wrapper}", "train.py": SAVES}, "wrapper.py"
    )
    assert (status, container.read("/opt/ml/model/saved")) == (143, "1"), container.log


def test_workers_of_a_program_that_saves_go_on_until_it_has(start):
    """DataLoader workers end at SIGTERM, and the program that waits for their batches would fail."""
    source = """
import signal, torch
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
class Data(torch.utils.data.Dataset):
    def __len__(self): return 10 ** 6
    def __getitem__(self, index): return index
after = 0
for number, batch in enumerate(torch.utils.data.DataLoader(Data(), batch_size=4, num_workers=2)):
    if number == 3: print('training', flush=True)
    after += len(stopped)
    if after > 50: break
open('/opt/ml/model/saved', 'w').write('whole')
"""
    status, container = stop(start, {"train.py": source}, "train.py", twice=False)
    assert (status, container.read("/opt/ml/model/saved")) == (0, "whole"), container.log


def test_behind_another_first_process_it_is_the_same(start):
    """`docker run --init`: orphans come to us there too."""
    wrapper = "import subprocess, sys\nsubprocess.run([sys.executable, 'train.py'])"
    status, container = stop(start, {"wrapper.py": wrapper, "train.py": SAVES}, "wrapper.py", init=True)
    assert (status, container.read("/opt/ml/model/saved")) == (143, "1"), container.log


def test_torchruns_workers_are_told_by_torchrun_alone(start):
    files = {
        "train.sh": "exec torchrun --nproc_per_node 2 train.py\n",
        "train.py": SAVES.replace("/opt/ml/model/saved'", "/opt/ml/model/saved' + os.environ['RANK']"),
    }
    status, container = stop(start, files, "train.sh", twice=False)
    assert status != 0 and [container.read(f"/opt/ml/model/saved{rank}") for rank in (0, 1)] == ["1", "1"], (
        container.log
    )


def test_another_command_than_train_is_told_too(start):
    container = start(command=["sh", "-c", "echo training; sleep 1000"])
    container.printed("training")
    container.terminate()
    assert container.ended() == 143


def test_names_that_do_not_resolve_are_said_and_a_stop_ends_the_wait(start):
    """Of several hosts: the others may be starting, so sagemaker-training waits on."""
    container = start(hosts=("algo-1", "algo-2"))
    began = time.monotonic()
    container.printed(
        "warning: algo-2 in resourceconfig.json cannot be resolved yet. sagemaker-training waits for up to 15 minutes."
    )
    assert time.monotonic() - began < 60  # not the 15 minutes: 5 s, and a busy machine
    container.terminate()
    assert container.ended() == 143 and "Traceback" not in container.log
    assert "error: Stopped on request before the training program had begun." in container.log


def test_a_host_alone_whose_name_does_not_resolve_trains(start):
    container = start(
        {"/opt/ml/code/train.py": "print('trained')"},
        {"sagemaker_program": "train.py"},
        hostname="other",
        extra_hosts=None,
    )
    container.printed("warning: this host's name algo-1 in resourceconfig.json does not resolve: going on without it.")
    assert container.ended() == 0 and "trained" in container.log
