"""The reason in what an unknown program wrote to stderr."""

import pytest

from container.entrypoint.uncaught_error import MAX_CHARACTERS, uncaught_error

FRAMES = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    fit()\n    ^^^^^\n'
TORCHRUN = """\
E1129 23:40:00.123 7 torch/distributed/elastic/multiprocessing/api.py:882] failed (exitcode: 1) local_rank: 0 (pid: 9)
Traceback (most recent call last):
  File "/opt/venv/bin/torchrun", line 8, in <module>
    sys.exit(main())
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
train.py FAILED
"""


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("", ""),
        ("\n \n", ""),
        (f"{FRAMES}ValueError: bad shape\n", "ValueError: bad shape"),
        (f"epoch 1\n{FRAMES}ValueError: bad shape\n", "ValueError: bad shape"),
        (
            f"{FRAMES}KeyError: 'a'\n\nDuring handling of the above exception, another exception "
            f"occurred:\n\n{FRAMES}ValueError: bad\n",
            "ValueError: bad",
        ),
        (
            f"{FRAMES}RuntimeError: CUDA error: out\nCompile with X.\n\n",
            "RuntimeError: CUDA error: out\nCompile with X.",
        ),
        (f"{FRAMES}ValueError: bad shape\n{TORCHRUN}", "ValueError: bad shape"),
        (f"[rank1]: {FRAMES.replace(chr(10), chr(10) + '[rank1]: ')}ValueError: bad\n{TORCHRUN}", "ValueError: bad"),
        (
            f"[default0]:{FRAMES.replace(chr(10), chr(10) + '[default0]:')}ValueError: bad\n{TORCHRUN}",
            "ValueError: bad",
        ),
        (
            f"{FRAMES}ValueError: bad\n{FRAMES}subprocess.CalledProcessError: Command 'x' returned non-zero exit "
            "status 1.\n",
            "ValueError: bad",
        ),
        (
            f"{FRAMES}subprocess.CalledProcessError: Command 'x' died.\n",
            "subprocess.CalledProcessError: Command 'x' died.",
        ),
        ("warning: x\n./train.sh: line 2: nosuch: not found\n", "./train.sh: line 2: nosuch: not found"),
        ("The column is missing.\n=====\n", "The column is missing."),
        ("10%|#\r20%|##\rThe column is missing.\n", "The column is missing."),
        (FRAMES, "fit()"),  # cut off in its middle, by SIGKILL: no error's line came
        (
            f"    {FRAMES.replace(chr(10), chr(10) + '    ')}ValueError: logged with an indent\n",
            "ValueError: logged with an indent",
        ),
    ],
)
def test_the_last_error_is_found(stderr, reason):
    assert uncaught_error(stderr) == reason


def test_a_long_message_keeps_its_beginning_and_its_end():
    found = uncaught_error(f"{FRAMES}ValueError: begins {'x' * 5000} ends\n")
    assert found.startswith("ValueError: begins") and found.endswith("ends") and len(found) <= MAX_CHARACTERS + 5
