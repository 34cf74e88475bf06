"""What sagemaker-training runs in place of its own runner: the same steps, with an account of how the training program
ended.

Its SAGEMAKER_TRAINING_MODULE names `module:function`; AWS's framework images use the same hook. The steps are those of
its trainer.py: unpack sagemaker_submit_directory into /opt/ml/code, install requirements.txt or the package, run the
program with its arguments and SM_* variables. Beside them: what is wrong is a sentence; the end of stderr is in the
reason; status and reason go to PID 1 (program_report)."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading

from sagemaker_training import (
    _entry_point_type,
    entry_point,
    environment,
    errors,
    files,
    logging_config,
    params,
    process,
    runner,
    torch_distributed,
)

from container.entrypoint.program_report import VARIABLE, ReportWriter
from container.entrypoint.training_config import OWN_PROGRAM, PROGRAM_DIR, listing
from container.entrypoint.uncaught_error import uncaught_error
from container.runtime.failure import KILLED

TAIL_BYTES = 64 * 1024
SECONDS_FOR_THE_REST = 2  # of stderr, which a process that the program left behind may keep open
TORCHRUN, MPI = "sagemaker_torch_distributed_enabled", "sagemaker_mpi_enabled"
NOT_HERE = {
    f"sagemaker_{launcher}_enabled"
    for launcher in (
        "distributed_dataparallel",
        "multi_worker_mirrored_strategy",
        "parameter_server",
        "pytorch_ddp",
        "pytorch_xla_multi_worker",
    )
}
MAX_REASON = 4000  # characters for PID 1


def main() -> None:
    """Raises what the toolkit turns into /opt/ml/output/failure."""
    report = ReportWriter(int(os.environ.pop(VARIABLE)))
    del os.environ[params.FRAMEWORK_TRAINING_MODULE_ENV]  # set by PID 1, not by the user
    try:
        run(environment.Environment(), report)
    except BaseException as error:
        # Before anybody tries to write it. What the program itself said is in the log already.
        if not isinstance(error, errors.ExecuteUserScriptError):
            print(f"error: {error}", file=sys.stderr, flush=True)
        report.ended(status_of(error), (str(error) or type(error).__name__)[:MAX_REASON])
        raise
    report.ended(0, "")


def run(env: environment.Environment, report: ReportWriter) -> None:
    """Fetch, install and run the program of `env`. Raises errors.ClientError, or an error of what the toolkit calls."""
    name = env.user_entry_point
    if name != OWN_PROGRAM:
        sys.path[:] = [folder for folder in sys.path if folder != str(PROGRAM_DIR)]  # becomes the program's PYTHONPATH
    runner_type = choose_runner(env, report)
    fetch(env.module_dir, name)
    check_program(name, environment.code_dir)
    install_beside_the_image()
    entry_point.run(environment.code_dir, name, env.to_cmd_args(), env.to_env_vars(), runner_type=runner_type)


def choose_runner(env: environment.Environment, report: ReportWriter) -> process.ProcessRunner | runner.RunnerType:
    """One process, or what the request's `distribution` asks for: torchrun; MPI where a derived image brings it."""
    asked = {name for name, value in env.additional_framework_parameters.items() if value is True}
    if refused := sorted(asked & NOT_HERE):
        raise errors.ClientError(
            f"Hyperparameter {refused[0]} asks for a launcher that is not in this image. It has torchrun: "
            f"{TORCHRUN}=true."
        )
    if MPI in asked:
        if not shutil.which("mpirun"):
            raise errors.ClientError(
                f"Hyperparameter {MPI} needs mpirun, which is not in this image: install it in an image FROM this one."
            )
        return runner.RunnerType.MPI
    program = (env.user_entry_point, env.to_cmd_args(), env.to_env_vars())
    if TORCHRUN in asked:
        each = max(1, env.num_gpus)
        return Torchrun(
            *program,
            each,
            env.master_hostname,
            env.distribution_hosts,
            env.current_host,
            env.network_interface_name,
            instance_type=env.current_instance_type,
        ).reporting(report)
    return Program(*program, 1).reporting(report)


def fetch(source: str, name: str) -> None:
    """Unpack the request's code into /opt/ml/code, where the toolkit expects it."""
    code = environment.code_dir
    if os.path.isdir(code) and os.listdir(code) and os.path.realpath(source) != os.path.realpath(code):
        print(
            f"warning: {code} is not empty, so sagemaker-training leaves sagemaker_submit_directory={source} aside "
            f"and runs {name} from "
            f"there. To run the request's code, take an image that has nothing in {code}.",
            file=sys.stderr,
            flush=True,
        )
    try:
        files.download_and_extract(source, code)
    except Exception as error:  # boto3's, tarfile's, the system's
        raise errors.ClientError(
            f"sagemaker_submit_directory={source} could not be unpacked into {code}: {type(error).__name__}: {error}"
        ) from error


def check_program(name: str, code: str) -> None:
    """Raises errors.ClientError where the program is not there. name: a path in the code, or an absolute one; of a
    package, its module.
    """
    if _entry_point_type.get(code, name) is not _entry_point_type.PYTHON_PACKAGE and not os.path.exists(
        os.path.join(code, name)
    ):
        names = os.listdir(code)
        holds = (
            f"holds {listing(names)}"
            if names
            else "is empty: no sagemaker_submit_directory was given, or there is nothing in it"
        )
        raise errors.ClientError(f"The training program {name} was not found in {code}, which {holds}.")


def install_beside_the_image() -> None:
    """For a user who may not write to the image's packages: pip installs into a folder of its own, and takes what the
    image has.
    """
    if os.access(sysconfig.get_path("purelib"), os.W_OK) or "PIP_PREFIX" in os.environ:
        return
    prefix = tempfile.mkdtemp(prefix="packages-")
    os.environ["PIP_PREFIX"] = prefix
    os.environ["PATH"] = f"{prefix}/bin:{os.environ['PATH']}"
    sys.path.insert(0, sysconfig.get_path("purelib", vars={"base": prefix}))  # becomes the program's PYTHONPATH


class Program(process.ProcessRunner):
    """Runs the program, passing stderr through as it comes, and raises errors.ExecuteUserScriptError with its end."""

    def reporting(self, report: ReportWriter) -> "Program":
        self._report = report
        return self

    def run(self, wait=True, capture_error=False) -> subprocess.Popen:
        command = self._create_command()
        if command[0] == "/bin/sh":
            command[-1] = command[-1].strip(
                '"'
            )  # as process.check_error does: the quotes are for another way to run it
        logging_config.log_script_invocation(command, self._env_vars)
        running = subprocess.Popen(command, cwd=environment.code_dir, stderr=subprocess.PIPE)
        self._report.started(running.pid)
        tail = StderrTail(running.stderr.fileno())
        status = running.wait()
        said = tail.ended()
        if status == 0:
            return running
        if status == -signal.SIGKILL and self._user_entry_point == OWN_PROGRAM:
            raise killed()
        if self._user_entry_point != OWN_PROGRAM:
            print(f"error: {self._user_entry_point} ended with status {status}.", file=sys.stderr, flush=True)
        raise errors.ExecuteUserScriptError(cmd=" ".join(command), return_code=status, output=uncaught_error(said))


class Torchrun(Program, torch_distributed.TorchDistributedRunner):
    """The same through torchrun."""


class StderrTail(threading.Thread):
    """Copies a program's stderr to this process's own, chunk by chunk, and keeps the end of it."""

    def __init__(self, descriptor: int):
        super().__init__(daemon=True)
        self._descriptor, self._tail, self._heard = descriptor, b"", True
        self.start()

    def run(self) -> None:
        while chunk := os.read(self._descriptor, 65536):
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
            while self._heard and chunk:
                try:
                    chunk = chunk[os.write(2, chunk) :]
                except OSError:
                    self._heard = False  # nobody reads the log any more; the program must not stand still for that

    def ended(self) -> str:
        """The end of stderr, once the program has ended."""
        self.join(SECONDS_FOR_THE_REST)
        return self._tail.decode(errors="replace")


def killed() -> errors.ClientError:
    error = errors.ClientError(KILLED)
    error.return_code = -signal.SIGKILL
    return error


def status_of(error: BaseException) -> int:
    """The status of the process whose failure it is; 1 where there was none. The toolkit keeps it as text."""
    text = str(getattr(error, "return_code", ""))
    return int(text) or 1 if text.lstrip("-").isdigit() else 1
