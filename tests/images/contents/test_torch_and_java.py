"""What was left out of torch, CUDA and Java is missed by nothing that is in the images."""

import json


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
