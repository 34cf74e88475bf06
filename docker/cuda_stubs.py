"""Stand-ins for NVIDIA's libraries, so that PyPI's torch runs on a CPU without them: `python3 cuda_stubs.py
SITE_PACKAGES`. Needs binutils.

PyPI has no build of torch without CUDA for Linux, and torch does not import where a library is missing that it is
linked to. For each of those comes one of the same name, versions and functions, every one of which answers that there
is no CUDA device. They lie beside torch's own libraries, where torch looks after NVIDIA's folders.
"""

import re
import subprocess
import sys
from pathlib import Path

NO_DEVICE = 100  # cudaErrorNoDevice; of the other libraries any error will do
# What is asked for words must give some.
IN_WORDS = re.compile(r".*(ErrorString|StatusString|ErrorName|StatusName|GetLastError)$")
SAID = "there is no CUDA in this image"
FOLDERS = ("torch", "torchvision")


def run(*command: str) -> str:
    """What it prints. Raises SystemExit with what it said of its failure."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"`{' '.join(command)}` ended with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def needed(library: Path) -> list[str]:
    """The names of the libraries that it is linked to."""
    return re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--wide", "--dynamic", str(library)))


def versions(library: Path) -> dict[str, str]:
    """Each version of a symbol that it needs -> the library that must have it."""
    found, file = {}, ""
    for line in run("readelf", "--wide", "--version-info", str(library)).splitlines():
        if named := re.search(r"Version: \d+ +File: (\S+)", line):
            file = named[1]
        elif file and (version := re.search(r"Name: (\S+) +Flags: ", line)):
            found[version[1]] = file
        elif line.startswith("Version definition"):
            file = ""
    return found


def symbols(library: Path, kind: str) -> set[tuple[str, str]]:
    """Names with their versions, '' without one. kind: `defined` or `undefined`. What may be missing is left out."""
    found = set()
    for line in run("nm", "--dynamic", "--with-symbol-versions", f"--{kind}-only", str(library)).splitlines():
        letter, name = line.split()[-2:]
        if kind == "defined" or letter == "U":
            name, _, version = name.replace("@@", "@").partition("@")
            found.add((name, version))
    return found


def assembly(functions: set[str]) -> str:
    """All of them at one of two places: one answers a number, the other words."""
    words = {one for one in functions if IN_WORDS.match(one)}
    lines = ["    .text"]
    for names, answer in (
        (functions - words, f"    movl ${NO_DEVICE}, %eax"),
        (words, "    leaq .Lsaid(%rip), %rax"),
    ):
        for name in sorted(names):
            lines += [f'    .globl "{name}"', f'    .type "{name}", @function', f'"{name}":']
        lines += [answer, "    ret"]
    lines += ["    .section .rodata", f'.Lsaid: .string "{SAID}"', "    .section .note.GNU-stack", ""]
    return "\n".join(lines)


def make_stub(path: Path, functions: dict[str, set[str]]) -> None:
    """functions: by version, '' for those without one."""
    source, script, compiled = (path.with_name(f"{path.name}.{end}") for end in ("s", "map", "o"))
    source.write_text(assembly(set().union(*functions.values())))
    named = {version: names for version, names in functions.items() if version}
    script.write_text(
        "".join(
            f"{version} {{ global: {' '.join(f'{one};' for one in sorted(names | {f'stub_{index}'}))} }};\n"
            for index, (version, names) in enumerate(sorted(named.items()))
        )
    )
    run("as", "-o", str(compiled), str(source))
    scripted = ["--version-script", str(script)] if named else []
    run("ld", "-shared", "--hash-style=gnu", "-soname", path.name, *scripted, "-o", str(path), str(compiled))
    for one in (source, script, compiled):
        one.unlink()


def missing(libraries: list[Path]) -> dict[str, dict[str, set[str]]]:
    """Each library that is not there -> its functions that are used, by version."""
    here = {one.name for one in libraries}
    system = dict(re.findall(r"^\s+(\S+) .* => (\S+)$", run("/sbin/ldconfig", "-p"), re.MULTILINE))
    wanted = {name for one in libraries for name in needed(one) if name.startswith("lib")}
    gone = wanted - here - system.keys()
    found: dict[str, dict[str, set[str]]] = {name: {} for name in sorted(gone)}
    linked = {Path(system[name]) for one in libraries for name in needed(one) if name in system}
    defined = {name for one in {*libraries, *linked} for name, _ in symbols(one, "defined")}
    for one in libraries:
        files = versions(one)
        links = [name for name in needed(one) if name in gone]
        for version, file in files.items():
            if file in gone:
                found[file].setdefault(version, set())
        for name, version in symbols(one, "undefined"):
            file = files.get(version, "") if version else ""
            if file in gone:
                found[file][version].add(name)
            elif not version and links and name not in defined and not re.match(r"_?Py", name):
                found[links[0]].setdefault("", set()).add(name)
    return found


def optional(metadata: str) -> str:
    """METADATA in which NVIDIA's packages are no requirements but those of an extra, or `pip check` would miss them."""
    lines = []
    for line in metadata.split("\n"):
        if line.startswith("Requires-Dist: nvidia-") and "extra ==" not in line:
            wanted, _, condition = line.partition(";")
            line = f'{wanted}; ({condition.strip()}) and extra == "cuda"' if condition else f'{wanted}; extra == "cuda"'
        lines.append(line)
    lines.insert(lines.index("") if "" in lines else len(lines), "Provides-Extra: cuda")
    return "\n".join(lines)


def main(site: Path) -> None:
    libraries = sorted(one for name in FOLDERS for one in site.glob(f"{name}*/**/*.so*") if one.is_file())
    for name, functions in missing(libraries).items():
        make_stub(site / "torch/lib" / name, functions)
        print(f"{sum(map(len, functions.values())):5} functions in the place of {name}")
    for metadata in site.glob("torch-*.dist-info/METADATA"):
        metadata.write_text(optional(metadata.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
