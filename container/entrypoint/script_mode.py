"""The runner of training programs that sagemaker-training calls in place of its own: the same steps, with an account of
how the program ended.

SAGEMAKER_TRAINING_MODULE names it, `module:function`; AWS's framework images use the same hook. The steps are those of
the toolkit's trainer.py: unpack sagemaker_submit_directory into /opt/ml/code, install requirements.txt or the package,
run the program with its arguments and SM_* variables. In addition, errors are sentences, the end of
stderr, or pip's error, is in the failure reason, and status and reason go to PID 1 (program_report).
"""

import os
import shutil
import sys
import sysconfig
import tempfile

from sagemaker_training import entry_point, environment, errors, files, params, runner

from container.entrypoint.install_error import InstallStderr
from container.entrypoint.program_report import VARIABLE, ReportWriter
from container.entrypoint.program_runner import ProgramRunner, TorchrunRunner, is_package
from container.entrypoint.training_config import OWN_PROGRAM, PROGRAM_DIR, listing

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
        said = reason_of(error)
        if not isinstance(error, errors.ExecuteUserScriptError):
            print(f"error: {said}", file=sys.stderr, flush=True)
        report.ended(status_of(error), said[:MAX_REASON])
        raise
    report.ended(0, "")


def run(env: environment.Environment, report: ReportWriter) -> None:
    """Fetch, install and run the program of `env`. Raises errors.ClientError, or an error of what the toolkit calls."""
    name = env.user_entry_point
    if name != OWN_PROGRAM:
        sys.path[:] = [folder for folder in sys.path if folder != str(PROGRAM_DIR)]  # becomes the program's PYTHONPATH
    installing = InstallStderr()
    runner_type = choose_runner(env, report, installing)
    fetch(env.module_dir, name)
    check_program(name, environment.code_dir)
    install_beside_the_image()
    with installing:
        entry_point.run(environment.code_dir, name, env.to_cmd_args(), env.to_env_vars(), runner_type=runner_type)


def choose_runner(
    env: environment.Environment, report: ReportWriter, installing: InstallStderr
) -> ProgramRunner | runner.RunnerType:
    """One process, or what the request's `distribution` asks for: torchrun; MPI where a derived image has it.

    Raises errors.ClientError for another launcher.
    """
    asked = {name for name, value in env.additional_framework_parameters.items() if value is True}
    if refused := sorted(asked & NOT_HERE):
        raise errors.ClientError(
            f"Hyperparameter {refused[0]} asks for a launcher that is not in this image. It has torchrun: set "
            f"{TORCHRUN}=true in its place."
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
        return TorchrunRunner(
            *program,
            each,
            env.master_hostname,
            env.distribution_hosts,
            env.current_host,
            env.network_interface_name,
            instance_type=env.current_instance_type,
        ).reporting(report, installing)
    return ProgramRunner(*program, 1).reporting(report, installing)


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
            f"sagemaker_submit_directory={source} could not be unpacked into {code}: {type(error).__name__}: {error}. "
            "It must be a .tar.gz that the job can read (`tar czf sourcedir.tar.gz -C src .`), in S3 or in a channel."
        ) from error


def check_program(name: str, code: str) -> None:
    """Raise errors.ClientError where the program does not exist.

    name: a path in the folder `code`, or an absolute one; of a package, its module.
    """
    if not is_package(code, name) and not os.path.exists(os.path.join(code, name)):
        names = os.listdir(code)
        holds = (
            f"holds {listing(names)}"
            if names
            else "is empty: no sagemaker_submit_directory was given, or there is nothing in it"
        )
        raise errors.ClientError(f"The training program {name} was not found in {code}, which {holds}.")


def install_beside_the_image() -> None:
    """Make pip install into a folder of its own, for a user who may not write to the image's packages, which it still
    finds.
    """
    if os.access(sysconfig.get_path("purelib"), os.W_OK) or "PIP_PREFIX" in os.environ:
        return
    prefix = tempfile.mkdtemp(prefix="packages-")
    os.environ["PIP_PREFIX"] = prefix
    os.environ["PATH"] = f"{prefix}/bin:{os.environ['PATH']}"
    sys.path.insert(0, sysconfig.get_path("purelib", vars={"base": prefix}))  # becomes the program's PYTHONPATH


def reason_of(error: BaseException) -> str:
    """The toolkit's errors of a request are sentences; a KeyError says nothing without its type."""
    said = str(error)
    return said if said and isinstance(error, errors.ClientError) else f"{type(error).__name__}: {said}".rstrip(": ")


def status_of(error: BaseException) -> int:
    """The exit status of the process that failed; 1 where there is none. The toolkit keeps it as text."""
    text = str(getattr(error, "return_code", ""))
    return int(text) or 1 if text.lstrip("-").isdigit() else 1
