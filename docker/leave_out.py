"""Take out of site-packages what the images never load: `python3 leave_out.py SITE_PACKAGES`.

Whole packages first, then files of the packages that stay. The metadata stay true: what is gone is gone from RECORD
too, and what torch needs for torch.compile alone is no longer its requirement but its extra `compile`. So `pip check`
is clean, and a model's requirements.txt that names a package built on torch does not download the compiler at start.
"""

import base64
import csv
import hashlib
import io
import re
import sys
from pathlib import Path

# torch.compile and torch's CUTLASS backend alone import them, and both need a C compiler, which the images do not have.
PACKAGES = {"triton", "cuda-bindings", "cuda-pathfinder"}
EXTRA = "compile"

FILES = {
    "for compilers and linkers": r".*\.(h|hh|hpp|cuh|inl|pxd|a|bc|cmake)|torch/bin/protoc.*|.*/include/.*|torch/share/cmake/.*",
    "tests of the packages": r"(.*/)?tests/.*",
    # Hardware counters (profiling), checkpoints of a debugged GPU, NVRTC built a second time, one matrix over several
    # GPUs, FFTW's and BLAS's interfaces for programs written in C: torch names none of them, and no library that it
    # loads needs one.
    "libraries that nothing here opens": r"nvidia/.*/lib(nvperf_host|nvperf_target|pcsamplingutil|checkpoint|nvrtc\.alt|nvrtc-builtins\.alt"
    r"|cusolverMg|cufftw|nvblas)\.so.*",
    # MPI, OpenSHMEM, PMIx, libfabric, UCX, Mellanox's verbs.
    "libraries that need some of another system": r"nvidia/.*/(nvshmem_bootstrap_(mpi|shmem|pmix)|nvshmem_transport_(ibdevx|ibgda|libfabric|ucx)"
    r"|libcufile_rdma)\.so.*",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def optional(metadata: str) -> str:
    """METADATA in which the packages left out are no requirements but those of an extra."""
    lines, moved = [], False
    for line in metadata.split("\n"):
        found = re.fullmatch(r"Requires-Dist: ([\w.-]+)([^;]*)(?:; (.*))?", line)
        if found and normal(found[1]) in PACKAGES and "extra ==" not in line:
            condition = f"({found[3]}) and " if found[3] else ""
            line, moved = f'Requires-Dist: {found[1]}{found[2]}; {condition}extra == "{EXTRA}"', True
        lines.append(line)
    if moved:
        lines.insert(lines.index("") if "" in lines else len(lines), f"Provides-Extra: {EXTRA}")
    return "\n".join(lines)


def recorded(path: Path) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
    return [f"sha256={digest}", str(path.stat().st_size)]


def trim(site: Path, info: Path) -> int:
    """Take one package's part out. Returns the bytes that this saved."""
    wanted = normal(info.name.split("-")[0]) not in PACKAGES
    pattern = re.compile("|".join(FILES.values()))
    record, before, rows = info / "RECORD", 0, []
    for name, digest, size in csv.reader(record.read_text(encoding="utf-8").splitlines()):
        before += size_of(site / name)
        if wanted and not pattern.fullmatch(name):
            rows.append([name, digest, size])
        else:
            (site / name).unlink(missing_ok=True)
            remove_empty((site / name).parent, site)
    if not wanted:
        return before
    metadata = info / "METADATA"
    stated = metadata.read_text(encoding="utf-8")
    if optional(stated) != stated:
        metadata.write_text(optional(stated), encoding="utf-8")
    for row in rows:
        # METADATA, and what `strip` shortened.
        if row[1] and (site / row[0]).stat().st_size != int(row[2]):
            row[1:] = recorded(site / row[0])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    # A file written again would be in one more layer.
    if text.getvalue() != record.read_text(encoding="utf-8"):
        record.write_text(text.getvalue(), encoding="utf-8")
    return before - sum(size_of(site / row[0]) for row in rows)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def remove_empty(folder: Path, site: Path) -> None:
    while site in folder.parents and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


if __name__ == "__main__":
    site = Path(sys.argv[1])
    for info in sorted(site.glob("*.dist-info")):
        saved = trim(site, info)
        if saved > 1e6:
            print(f"{saved / 1e6:7.1f} MB less of {info.name}")
