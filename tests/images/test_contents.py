"""What is in the images: versions, labels, and what must not be there."""

import contextlib
import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from local_test.host.labels import labels, remove

ROOT = Path(__file__).parents[2]
IMAGES = ("train_image", "serve_image")
BOTH = {"torch": "2.10.0", "torchvision": "0.25.0", "numpy": "1.26.4"}
VERSIONS = {
    "train_image": {**BOTH, "sagemaker-training": "4.9.0", "smdebug": "1.0.34", "boto3": None},
    "serve_image": {**BOTH, "sagemaker-inference": "1.10.1", "multi-model-server": "1.1.11", "boto3": None},
}


@pytest.fixture(params=IMAGES)
def name(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def output(engine):
    """output(image's name, *command) -> what it prints to stdout. Nothing can change the image's files."""
    with contextlib.ExitStack() as started:

        @cache
        def container(name):
            made = engine.containers.run(
                name,
                ["infinity"],
                entrypoint="sleep",
                detach=True,
                network_mode="none",
                read_only=True,
                environment={"TMPDIR": "/dev/shm"},
                labels=labels("tests", "contents"),
            )
            started.callback(remove, made)
            return made

        def output(name, *command):
            status, (printed, errors) = container(name).exec_run(command, demux=True)
            assert status == 0, (printed, errors)
            return (printed or b"").decode()

        yield output


@pytest.mark.parametrize("kind", IMAGES)
def test_the_required_packages_are_there_in_the_versions_that_fit_together(output, request, kind):
    program = (
        "import importlib.metadata as m, json; print(json.dumps({d.name.lower().replace(chr(95), chr(45)): "
        "d.version for d in m.distributions()}))"
    )
    installed = json.loads(output(request.getfixturevalue(kind), "python", "-c", program))
    for package, version in VERSIONS[kind].items():
        assert package in installed and version in (None, installed[package].split("+")[0]), (
            package,
            installed.get(package),
        )


def test_pip_check_is_clean(output, name):
    assert output(name, "pip", "check").strip() == "No broken requirements found."


def test_python_is_3_11(output, name):
    assert output(name, "python", "--version").startswith("Python 3.11.")


def test_torch_has_its_cuda_libraries_and_the_t4s_kernels(output, name):
    # torch.cuda.get_arch_list() is empty without a driver; this is what it reads.
    program = "import torch, json; print(json.dumps([torch.version.cuda, torch._C._cuda_getArchFlags().split()]))"
    cuda, architectures = json.loads(output(name, "python", "-W", "ignore", "-c", program).splitlines()[-1])
    assert cuda.startswith("12.")
    assert "sm_75" in architectures


def test_sagemaker_training_does_not_import_torch_before_it_starts_the_program(output, train_image):
    program = (
        "import sys; from sagemaker_training import process; process.get_debugger_exception_classes(); "
        "print('torch' in sys.modules)"
    )
    assert output(train_image, "python", "-c", program).strip() == "False"
    assert (
        output(train_image, "env", "-u", "USE_SMDEBUG", "python", "-W", "ignore", "-c", program).splitlines()[-1]
        == "True"
    )


def test_no_program_takes_another_users_rights(output, name):
    """A process that got into the container could become root with the next fault in one of them; nothing here needs
    su, mount or passwd.
    """
    assert output(name, "find", "/", "-xdev", "-type", "f", "-perm", "/6000", "-printf", r"%m %p\n").strip() == ""
    assert output(name, "find", "/usr/bin/passwd", "/usr/bin/mount", "-perm", "0755").split() == [
        "/usr/bin/passwd",
        "/usr/bin/mount",
    ]


def test_there_is_no_compiler(output, name):
    script = (
        "for tool in gcc cc g++ c++ clang make ld as; do command -v $tool; done; ls -d /usr/include/python3* "
        "2>/dev/null; true"
    )
    assert output(name, "sh", "-c", script).strip() == ""


def test_the_torch_layers_are_shared_and_none_is_huge(engine, train_image, serve_image):
    """What an image has of its own is small: all of torch and CUDA is in the layers that both begin with."""
    first, second = (engine.images.get(name) for name in (train_image, serve_image))
    # strict=False: what follows what they share is of different lengths.
    shared = [
        one
        for one, other in zip(first.attrs["RootFS"]["Layers"], second.attrs["RootFS"]["Layers"], strict=False)
        if one == other
    ]
    for image in (first, second):
        own = len(image.attrs["RootFS"]["Layers"]) - len(shared)
        newest_first = [entry["Size"] for entry in image.history()]
        torch_layers = [index for index, size in enumerate(newest_first) if size > 1.5e9]
        # Steps without a layer lie between the layers, so a shared layer is at least as deep as the image's own count.
        assert own > 0 and torch_layers[0] >= own and sum(newest_first[: torch_layers[0]]) < 0.7e9
        assert len(torch_layers) == 3 and max(newest_first) < 2.4e9


@pytest.mark.parametrize("kind, most", [("serve_image", 6.4e9), ("train_image", 6.5e9)])
def test_an_image_is_hardly_larger_than_what_torch_links_to(engine, request, kind, most):
    """5.8 GB are torch's own libraries, those they are linked to (torch does not import without one), and cuDNN's
    parts.
    """
    assert engine.images.get(request.getfixturevalue(kind)).attrs["Size"] < most


LIBRARIES = """
import ctypes, json, pathlib, subprocess
site = pathlib.Path("/opt/venv/lib/python3.11/site-packages")
found, unresolved, unloadable = [], {}, {}
for path in sorted([*site.glob("nvidia/*/lib/*.so*"), *site.glob("torch/lib/*.so")]):
    found.append(path.name)
    linked = subprocess.run(["ldd", path], capture_output=True, text=True).stdout.splitlines()
    if missing := [line.split()[0] for line in linked if "not found" in line]:
        unresolved[path.name] = missing
        continue
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        unloadable[path.name] = str(error)
print(json.dumps([found, unresolved, unloadable]))
"""


def test_every_library_of_torch_and_cuda_finds_what_it_is_linked_to_and_loads(output, name):
    found, unresolved, unloadable = json.loads(output(name, "python", "-c", LIBRARIES))
    # The driver's libraries come from the host, with the NVIDIA container runtime.
    driver = {"libcuda.so.1", "libnvidia-ml.so.1"}
    assert {library: missing for library, missing in unresolved.items() if not set(missing) <= driver} == {}
    assert list(unresolved) == ["libcaffe2_nvrtc.so"] and unloadable == {}
    stems = {library.split(".so")[0] for library in found}
    cudnn = {
        f"libcudnn{part}"
        for part in (
            "",
            "_adv",
            "_cnn",
            "_engines_precompiled",
            "_engines_runtime_compiled",
            "_graph",
            "_heuristic",
            "_ops",
        )
    }
    cuda = {
        f"lib{part}"
        for part in (
            "cublas",
            "cublasLt",
            "cudart",
            "cufft",
            "curand",
            "cusolver",
            "cusparse",
            "cusparseLt",
            "nccl",
            "nvrtc",
            "nvJitLink",
        )
    }
    assert cudnn | cuda | {"libtorch_cuda", "libtorch_cuda_linalg", "libtorch_cpu", "libtorch_python"} <= stems


def test_torch_and_torchvision_load_with_their_compiled_parts(output, name):
    program = (
        "import torch, torchvision, torchvision.io; from torchvision.ops import nms; boxes = torch.tensor([[0., 0, 2, "
        "2], [0, 0, 2, 1.9]]);"
        "assert nms(boxes, torch.tensor([.9, .8]), 0.5).tolist() == [0];"
        "assert torch.jit.trace(torch.nn.LSTM(3, 4), torch.ones(2, 1, 3))(torch.ones(2, 1, 3))[0].shape == (2, 1, 4);"
        "assert torch.linalg.svd(torch.eye(3)).S.tolist() == [1, 1, 1]; assert torch.fft.fft(torch.ones(4))[0] == 4;"
        "torch.export.export(torch.nn.Conv2d(3, 4, 3), (torch.ones(1, 3, 8, 8),)); print('fine')"
    )
    assert output(name, "python", "-W", "ignore", "-c", program).splitlines()[-1] == "fine"


def test_what_no_code_in_the_images_loads_is_not_in_them(output, name):
    script = r"""
cd /opt/venv/lib/python3.11/site-packages
ls -d triton* cuda cuda_* 2>/dev/null
find . -type d \( -name include -o -name tests \)
find . -type f \( -name '*.h' -o -name '*.cuh' -o -name '*.a' -o -name '*.bc' \
    -o -name '*.cmake' -o -name protoc -o -name 'protoc-*' \)
find nvidia -name 'lib*.so*' | grep -E 'nvperf|\.alt\.|cusolverMg|cufftw|nvblas'
find / -xdev -type d \( -name 'jmods' -o -name 'openjdk*' \) -not -path '/proc/*'
true
"""
    assert output(name, "sh", "-c", script).strip() == ""


def test_torch_says_that_only_its_compiler_needs_what_was_left_out(output, name):
    """torch.compile generates C or Triton code, and there is no C compiler here. All else that PyPI's torch requires is
    there.
    """
    program = (
        "import importlib.metadata as m, json; print(json.dumps([m.requires('torch'), "
        "m.metadata('torch').get_all('Provides-Extra')]))"
    )
    requires, extras = json.loads(output(name, "python", "-c", program))
    assert sorted(line.split("==")[0] for line in requires if line.endswith('extra == "compile"')) == [
        "cuda-bindings",
        "triton",
    ]
    assert "compile" in extras


RECORDS = """
import base64, csv, hashlib, importlib.util, json, pathlib, struct, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
absent, changed, stale, sources = [], [], [], 0
for record in site.glob("*.dist-info/RECORD"):
    for name, digest, size in csv.reader(record.read_text().splitlines()):
        path = site / name
        if not path.is_file():
            absent.append(name)
        elif size and path.stat().st_size != int(size):
            changed.append(name)
        if path.suffix == ".py" and path.is_file() and site in path.parents and ".." not in name:
            sources += 1
            compiled = pathlib.Path(importlib.util.cache_from_source(path))
            head = compiled.read_bytes()[4:16] if compiled.is_file() else bytes(12)
            flags, seconds, length = struct.unpack("<3I", head)
            if flags or (seconds, length) != (int(path.stat().st_mtime), path.stat().st_size):
                stale.append(name)
print(json.dumps([absent, changed, stale, sources]))
"""


def test_the_packages_records_are_true_and_every_source_is_compiled(output, name):
    """A start would compile torch's sources anew, seconds of it, where the times of the copied files were not kept."""
    absent, changed, stale, sources = json.loads(output(name, "python", "-c", RECORDS))
    assert absent == [] and changed == []
    assert sources > 3000 and stale == []


def test_the_java_runtime_has_the_modules_of_the_model_server_alone(output, serve_image):
    modules = output(serve_image, "java", "--list-modules")
    assert "java.base@17" in modules and "jdk.compiler" not in modules and "jdk.jshell" not in modules


def test_java_takes_the_model_servers_classes_from_an_archive(output, serve_image):
    program = """
import os, pathlib
from container.serving.machine import Machine
from container.serving.server.model_server import java_command
from container.serving.settings import Settings
command = java_command(Settings.read({}, Machine(1, 0)), pathlib.Path('/tmp'), 0)
command[1:1] = ['-Xlog:class+load']
os.execvp('java', command[:command.index('--python')] + ['--help'])
"""
    loaded = output(serve_image, "sh", "-c", 'python -c "$0"; true', program).splitlines()
    assert any("com.amazonaws.ml.mms.ModelServer source: shared objects file (top)" in line for line in loaded)
    assert any("java.lang.Object source: shared objects file" in line for line in loaded)


def test_oci_labels_name_the_revision(engine, name):
    given = engine.images.get(name).labels
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert given["org.opencontainers.image.revision"] == revision
    assert given["org.opencontainers.image.version"] == name.split(":")[1]
    assert given["org.opencontainers.image.source"] and "@" not in given["org.opencontainers.image.source"]


def test_labels_and_history_name_the_base_and_when_it_was_renewed(engine, name):
    image = engine.images.get(name)
    assert image.labels["org.opencontainers.image.base.name"] and image.labels[
        "org.opencontainers.image.base.digest"
    ].startswith("sha256:")
    renewed = re.search(r"^renewed=(\S+)$", (ROOT / "docker/base.pin").read_text(), re.MULTILINE)[1]
    assert any(f"RENEWED={renewed}" in entry["CreatedBy"] for entry in image.history())


def test_sagemaker_labels_say_what_is_true(engine, serve_image):
    given = engine.images.get(serve_image).labels
    assert given["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert given["com.amazonaws.sagemaker.capabilities.multi-models"] == "true"


def test_nvidia_variables_are_set(engine, name):
    environment = dict(entry.split("=", 1) for entry in engine.images.get(name).attrs["Config"]["Env"])
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert set(environment["NVIDIA_DRIVER_CAPABILITIES"].split(",")) == {"compute", "utility"}
