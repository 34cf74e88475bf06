"""Exit status and FailureReason of a training container: those of the program, whatever happened to the disk."""

import json

import pytest

FILL = """
import os
try:
    with open("/opt/ml/output/filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
except OSError as error:
    print("output:", error.strerror)
"""
UNWRITABLE = {"full disk": "size=16k", "no inode": "nr_inodes=1", "read-only": "ro"}


@pytest.mark.parametrize("mount", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_failed_program_fails_the_job_where_its_reason_cannot_be_written(program, mount):
    status, container = program(f"{FILL}\nraise ValueError('bad shape')", tmpfs={"/opt/ml/output": mount})
    assert status == 1, container.log
    assert (
        "output: " in container.log
        and "ValueError: bad shape" in container.log
        and "error: train.py ended with status 1." in container.log
    )
    assert "cannot be written to /opt/ml/output/failure" in container.log


@pytest.mark.parametrize("mount", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_program_that_succeeded_is_a_success_there_too(program, mount):
    status, container = program(f"{FILL}\nprint('trained')", tmpfs={"/opt/ml/output": mount})
    assert status == 0 and "trained" in container.log, container.log


@pytest.mark.parametrize("mount", UNWRITABLE.values(), ids=UNWRITABLE)
def test_our_own_program_prints_its_reason_before_it_writes_it(run, mount):
    status, container = run(None, {"lr": "11"}, tmpfs={"/opt/ml/output": mount})
    assert status == 1 and "error: Hyperparameter lr: must be above 0 and at most 10, not 11." in container.log, (
        container.log
    )


@pytest.mark.parametrize("mount", UNWRITABLE.values(), ids=UNWRITABLE)
@pytest.mark.parametrize(
    ("files", "hyperparameters", "reason"),
    [
        (
            {"/opt/ml/code/train.py": "", "/opt/ml/code/requirements.txt": "./wheels/none.whl"},
            {"sagemaker_program": "train.py"},
            'InstallRequirementsError:\nExitCode 1\nErrorMessage "Invalid wheel filename',
        ),
        ({}, {"sagemaker_program": "train.py"}, "The training program train.py was not found"),
    ],
)
def test_a_program_that_never_ran_fails_the_job_there(run, files, hyperparameters, reason, mount):
    status, container = run(files, hyperparameters, tmpfs={"/opt/ml/output": mount})
    assert status == 1 and f"error: {reason}" in container.log, container.log


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        ("raise ValueError('bad shape')", 1, 'ErrorMessage "ValueError: bad shape"'),
        ("raise ValueError('expected\\n  3\\nnot 4')", 1, 'ErrorMessage "ValueError: expected\n  3\nnot 4"'),
        ("class TooWide(Exception): pass\nraise TooWide('by 3')", 1, 'ErrorMessage "TooWide: by 3"'),
        ("raise ImportError() from KeyError('x')", 1, 'ErrorMessage "ImportError"'),
        ("import sys; sys.exit('Column age is missing.')", 1, 'ErrorMessage "Column age is missing."'),
        ("import sys; sys.exit(3)", 3, "ExitCode 3"),
        ("def f(:", 1, 'ErrorMessage "SyntaxError: invalid syntax"'),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, "ExitCode -9"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139, "ExitCode -11"),
        ("import os; os._exit(0) if os.fork() else os.abort()", 0, None),  # the program's own status, not its child's
    ],
)
def test_status_and_last_error_of_the_program_are_those_of_the_job(program, source, status, reason):
    ended, container = program(source)
    assert ended == status, container.log
    assert (container.failure is None) if reason is None else reason in container.failure, container.failure


def test_the_users_own_reason_comes_first(program):
    status, container = program(
        "open('/opt/ml/output/failure', 'w').write('My own words.'); raise ValueError('bad shape')"
    )
    assert (status, container.failure) == (1, "My own words.")


def test_a_reason_of_an_earlier_run_in_the_same_folders_does_not_stay(run):
    files = {"/opt/ml/output/failure": "of yesterday", "/opt/ml/code/train.py": "raise ValueError('bad shape')"}
    status, container = run(files, {"sagemaker_program": "train.py"})
    assert status == 1 and "ValueError: bad shape" in container.failure


def test_stderr_is_in_the_log_when_it_is_written(start):
    """Not at the end: the program waits for a file that the test writes once it has read the line."""
    source = (
        "import os, sys, time\nsys.stderr.write('halfway\\n')\nwhile not os.path.exists('/tmp/go'): time.sleep(0.01)\n"
    )
    container = start({"/opt/ml/code/train.py": source}, {"sagemaker_program": "train.py"})
    container.printed("halfway\n")
    assert container.container.exec_run(["touch", "/tmp/go"]).exit_code == 0
    assert container.ended() == 0


def test_a_process_that_the_program_leaves_behind_does_not_keep_the_job(program):
    status, container = program("import subprocess; subprocess.Popen(['sleep', '1000'])")
    assert status == 0, container.log


def test_the_workers_error_is_the_reason_and_not_its_launchers(run):
    """Two processes; the launcher's own traceback comes last."""
    files = {
        "/opt/ml/code/train.sh": "set -e\ntorchrun --nproc_per_node 2 worker.py\n",
        "/opt/ml/code/worker.py": "import os, time\nif os.environ['RANK'] == '1': raise ValueError('bad shape of rank "
        "1')\ntime.sleep(1000)\n",
    }
    status, container = run(files, {"sagemaker_program": "train.sh"})
    assert status == 1 and "ChildFailedError" in container.log, container.log
    assert 'ErrorMessage "ValueError: bad shape of rank 1' in container.failure and len(container.failure) <= 1024


def test_our_program_that_is_killed_has_a_reason(start):
    """By the kernel, as a rule, for memory."""
    container = start(
        {"/opt/ml/input/data/train/": "", "/opt/ml/input/data/valid/": ""}, {"pretrained": "none"}, channels=["train"]
    )
    kill = (
        "import os, psutil\nfor one in psutil.process_iter(['cmdline']):\n"
        "    if '/opt/program/container/train.py' in one.info['cmdline']: one.kill(); print('killed')"
    )
    while b"killed" not in container.container.exec_run(["python", "-c", kill]).output:
        assert not container.has_ended(), container.log
    assert container.ended() == 137
    assert container.failure.startswith("The training program was killed (SIGKILL)")


CONFIG = "/opt/ml/input/config"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("hyperparameters.json", None, "hyperparameters.json is missing."),
        ("resourceconfig.json", None, "resourceconfig.json is missing."),
        ("inputdataconfig.json", None, "inputdataconfig.json is missing."),
        ("hyperparameters.json", '{"epochs": "3', "hyperparameters.json is not JSON (Unterminated string"),
        ("resourceconfig.json", "", "resourceconfig.json is not JSON (Expecting value"),
        ("hyperparameters.json", "[]", "hyperparameters.json must hold a JSON object"),
        ("resourceconfig.json", '{"hosts": []}', "resourceconfig.json must name the job's hosts"),
    ],
)
def test_a_configuration_that_is_missing_or_torn_is_a_sentence(run, name, content, sentence):
    path = f"{CONFIG}/{name}"
    # A folder in a file's place would be another fault: what is missing was never laid out.
    status, container = run(
        {path: content} if content is not None else {}, without=() if content is not None else (path,)
    )
    assert status == 1 and sentence in container.failure and container.log == f"error: {container.failure}\n"


def test_a_file_with_another_name_is_pointed_out(run):
    resources = json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]})
    status, container = run({f"{CONFIG}/resourceConfig.json": resources}, without=[f"{CONFIG}/resourceconfig.json"])
    assert (
        status == 1
        and "resourceconfig.json is missing (there is resourceConfig.json: names are in small letters)"
        in container.failure
    )


@pytest.mark.parametrize(
    ("command", "status", "sentence"),
    [
        (
            "serve",
            1,
            "error: This is the image for training jobs: run it with `train`. Endpoints take the image whose name "
            "ends in -serve.\n",
        ),
        ("trian", 1, "error: There is no program trian in this image. For a training job run it with `train`.\n"),
        (["sh", "-c", "exit 7"], 7, ""),
    ],
)
def test_another_command_is_run_or_refused_in_a_sentence(run, command, status, sentence):
    ended, container = run(command=command)
    assert (ended, container.log) == (status, sentence)


def test_the_endpoints_image_refuses_train_in_a_sentence(run, serve_image):
    ended, container = run(command="train", image=serve_image)
    assert (ended, container.log) == (
        1,
        "error: This is the image for endpoints: run it with `serve`. Training jobs take the image whose name ends in "
        "-train.\n",
    )
