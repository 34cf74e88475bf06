"""PID 1 of the serve image: `docker run IMAGE serve` starts multi-model-server, loads the model, then opens the port.

multi-model-server answers /ping with 200 before any model has loaded, and goes on when loading failed
(https://github.com/awslabs/multi-model-server/issues/1027). So it listens on loopback only; the model is registered
there and waited for; and nginx opens the port that SageMaker looks at once every worker has the model. When loading
fails, or one of the two servers dies, the container ends: an endpoint cannot be in service without a model.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

CONFIG_DIR = Path("/etc/dogbreed")
MODEL_DIR = Path("/opt/ml/model")
RUN_DIR = Path("/tmp/serve")
LOAD_TIMEOUT = 8 * 60  # seconds; the platform's own limit before it gives up on /ping
DRAIN_TIMEOUT, END_TIMEOUT = 20, 5  # seconds for nginx and then for multi-model-server; SIGKILL follows SIGTERM after 30
# What is asked on loopback must not go to a proxy that the environment names.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Ports:
    """public: SageMaker's. inference, management: multi-model-server's, on loopback."""

    public: int
    inference: int
    management: int

    @classmethod
    def choose(cls, environment: dict[str, str]) -> "Ports":
        """8080, or SAGEMAKER_BIND_TO_PORT; the inner two from SAGEMAKER_SAFE_PORT_RANGE ("1111-2222") when it is set.

        https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-best-practices.html
        """
        public = int(environment.get("SAGEMAKER_BIND_TO_PORT", "8080"))
        first = int(environment.get("SAGEMAKER_SAFE_PORT_RANGE", "8081-8082").split("-")[0])
        inference, management = [port for port in range(first, first + 3) if port != public][:2]
        return cls(public, inference, management)


def worker_count(environment: dict[str, str], cores: int, gpus: int) -> int:
    """SAGEMAKER_MODEL_SERVER_WORKERS, or one worker for each GPU, or one for each core."""
    return int(environment.get("SAGEMAKER_MODEL_SERVER_WORKERS") or gpus or cores)


def available_cores() -> int:
    """Whole cores this container may use: its CPU set, or its quota (cgroup v2, then v1) when that is less."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except OSError:
        try:
            quota = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").read_text().strip()
            period = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us").read_text()
        except OSError:
            return cores
    if quota in ("max", "-1"):
        return cores
    return max(1, min(cores, int(quota) // int(period)))


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM (status 0) or until something fails (status 1)."""
    if arguments and arguments != ["serve"]:
        os.execvp(arguments[0], arguments)
    if os.environ.get("SAGEMAKER_MULTI_MODEL") == "true":
        print("error: this image does not serve multi-model endpoints. Create the model with Mode SingleModel.", file=sys.stderr)
        return 1
    stopping = []
    signal.signal(signal.SIGTERM, lambda signum, frame: stopping.append(signum))
    ports = Ports.choose(dict(os.environ))
    RUN_DIR.mkdir(parents=True, exist_ok=True)
    workers = worker_count(dict(os.environ), available_cores(), _gpu_count())

    model_server = _start_model_server(ports)
    front = None
    try:
        if not _load_model(ports, workers, model_server, stopping):
            return 0 if stopping else 1
        front = _start_front(ports)
        print(f"serving on port {ports.public} with {workers} workers", flush=True)
        while not stopping:
            for name, process in (("multi-model-server", model_server), ("nginx", front)):
                if process.poll() is not None:
                    print(f"error: {name} ended with status {process.returncode}", file=sys.stderr)
                    return 1
            time.sleep(0.2)
        return 0
    finally:
        _stop(front, signal.SIGQUIT, DRAIN_TIMEOUT)  # nginx: accept nothing new, finish what is under way
        _stop(model_server, signal.SIGTERM, END_TIMEOUT)


def _start_model_server(ports: Ports) -> subprocess.Popen:
    config = RUN_DIR / "mms.properties"
    config.write_text(_filled_in("mms.properties", ports))
    environment = dict(os.environ)
    # A user's own inference.py comes before ours; one thread a worker, since there is a worker for each core.
    environment["PYTHONPATH"] = f"{MODEL_DIR}/code:{environment.get('PYTHONPATH', '')}"
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment["TEMP"] = str(RUN_DIR)
    command = ["multi-model-server", "--start", "--foreground", "--model-store", "/"]
    command += ["--mms-config", str(config), "--log-config", str(CONFIG_DIR / "log4j2.xml")]
    return subprocess.Popen(command, env=environment, cwd=RUN_DIR)


def _load_model(ports: Ports, workers: int, model_server: subprocess.Popen, stopping: list) -> bool:
    """Register the model and wait until every worker has loaded it. False, with the reason in the log, when it has not."""
    deadline = time.monotonic() + LOAD_TIMEOUT
    while not _answers(f"http://127.0.0.1:{ports.inference}/ping"):
        if stopping or model_server.poll() is not None or time.monotonic() > deadline:
            print("error: multi-model-server did not start; its log is above", file=sys.stderr)
            return False
        time.sleep(0.05)
    query = urllib.parse.urlencode({
        "model_name": "model",
        "url": str(MODEL_DIR).lstrip("/"),
        "handler": "container.handler_service:handle",
        "initial_workers": workers,
        "synchronous": "true",
    })
    request = urllib.request.Request(f"http://127.0.0.1:{ports.management}/models?{query}", method="POST")
    try:
        DIRECT.open(request, timeout=LOAD_TIMEOUT).read()
    except urllib.error.HTTPError as error:
        print(f"error: the model could not be loaded: {error.read().decode(errors='replace')}", file=sys.stderr)
        return False
    except OSError as error:
        print(f"error: multi-model-server ended while the model was loading ({error}); its log is above", file=sys.stderr)
        return False
    return True


def _answers(url: str) -> bool:
    try:
        return DIRECT.open(url, timeout=2).status == 200
    except OSError:
        return False


def _start_front(ports: Ports) -> subprocess.Popen:
    config = RUN_DIR / "nginx.conf"
    config.write_text(_filled_in("nginx.conf", ports))
    return subprocess.Popen(["nginx", "-c", str(config), "-p", str(RUN_DIR), "-e", "stderr"])


def _filled_in(template: str, ports: Ports) -> str:
    text = (CONFIG_DIR / template).read_text()
    for name, port in (("PUBLIC", ports.public), ("INFERENCE", ports.inference), ("MANAGEMENT", ports.management)):
        text = text.replace(f"@{name}_PORT@", str(port))
    return text


def _stop(process: subprocess.Popen | None, how: signal.Signals, seconds: float) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()


def _gpu_count() -> int:
    """GPUs that the NVIDIA runtime mounted; importing torch only to count them would cost seconds at start."""
    return len([path for path in Path("/dev").glob("nvidia[0-9]*")])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
