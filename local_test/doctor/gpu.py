"""NVIDIA GPUs: whether there is a driver, new enough for the images' CUDA, and whether the engine hands them on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.findings import Finding, ok, warning
from local_test.doctor.command_output import command_output, last_line, table_of
from local_test.doctor.engine_facts import EngineFacts

# By CUDA's major version: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
LEAST_DRIVER = {12: 525, 13: 580}
NVIDIA, DISPLAY = "0x10de", "0x03"  # PCI: the vendor's id, and what the class of a graphics device begins with
PCI = Path("/sys/bus/pci/devices")
QUERY = ("name", "driver_version", "memory.total")
TOOLKIT = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"


@dataclass(frozen=True)
class Gpu:
    """memory: in MiB, as nvidia-smi tells it."""

    name: str
    driver: str
    memory: str


@dataclass(frozen=True)
class GpuFacts:
    """complaint: of nvidia-smi, '' where there is none or it works. in_machine: PCI devices of NVIDIA's, with a driver
    or without. cuda: version of the images' CUDA libraries, '' where no images are built here.
    """

    gpus: Sequence[Gpu]
    complaint: str
    in_machine: int
    cuda: str


def look_at_gpus(lock: Path) -> GpuFacts:
    """lock: the images' requirements, of which one is CUDA; it may be missing."""
    said = command_output("nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader")
    found = table_of(QUERY, said.out) if said.status == 0 else []
    return GpuFacts(
        gpus=[Gpu(one["name"], one["driver_version"], one["memory.total"]) for one in found],
        complaint="" if said.status in (0, 127) else last_line(said.err) or last_line(said.out),
        in_machine=sum(_is_gpu(device) for device in PCI.glob("*")),
        cuda=cuda_of(lock.read_text()) if lock.is_file() else "",
    )


def cuda_of(lock: str) -> str:
    """`nvidia-cuda-runtime-cu12==12.8.90 ...` -> `12.8.90`; '' for images without CUDA."""
    found = re.search(r"^nvidia-cuda-runtime(?:-cu\d+)?==([\d.]+)", lock, re.MULTILINE)
    return found[1] if found else ""


def gpu_findings(facts: GpuFacts, engine: EngineFacts) -> list[Finding]:
    if facts.complaint:
        return [
            warning(
                "GPU",
                f"nvidia-smi does not work: {facts.complaint}. Trainings run on the processor.".replace("..", "."),
                "Load the driver again: restart the machine, or install NVIDIA's driver for this kernel.",
            )
        ]
    if not facts.gpus:
        if facts.in_machine:
            return [
                warning(
                    "GPU",
                    "An NVIDIA GPU is in this machine, and no driver for it. Trainings run on the processor.",
                    "Install NVIDIA's driver: https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/",
                )
            ]
        return [ok("GPU", "None; trainings and endpoints run on the processor.")]
    first = facts.gpus[0]
    names = f"{len(facts.gpus)} x {first.name}" if len(facts.gpus) > 1 else first.name
    found = [_driver(f"{names}, {first.memory}, driver {first.driver}", first.driver, facts.cuda)]
    if engine.info and not hands_on_gpus(engine):
        found.append(
            warning(
                "GPU",
                "The Docker engine does not hand GPUs to containers: trainings run on the processor.",
                f"Install NVIDIA's container toolkit, and restart the engine: {TOOLKIT}",
            )
        )
    return found


def _driver(said: str, driver: str, cuda: str) -> Finding:
    least = LEAST_DRIVER.get(int(cuda.split(".")[0])) if cuda else None
    major = driver.split(".")[0]
    if least and major.isdecimal() and int(major) < least:
        return warning(
            "GPU",
            f"{said}: too old for the images' CUDA {cuda}, which needs {least} or newer. Trainings run on the "
            "processor.",
            f"Install NVIDIA's driver {least} or newer.",
        )
    return ok("GPU", f"{said}; the images' CUDA is {cuda}." if cuda else f"{said}.")


def hands_on_gpus(engine: EngineFacts) -> bool:
    """As host/engine.py's gpu_requests decides it: a runtime of the toolkit's, or CDI devices on newer engines."""
    devices = [str(one.get("ID", "")) for one in engine.info.get("DiscoveredDevices") or []]
    return "nvidia" in engine.info.get("Runtimes", {}) or any(one.startswith("nvidia.com/gpu") for one in devices)


def _is_gpu(device: Path) -> bool:
    try:
        return (device / "vendor").read_text().strip() == NVIDIA and (device / "class").read_text().startswith(DISPLAY)
    except OSError:
        return False
