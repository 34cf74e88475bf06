"""The Makefile in a folder of its own, whose programs are small ones that write down what they were given."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "Makefile").read_text()
GIVEN = re.search(r"^given := (.*)$", TEXT, re.MULTILINE)[1].split()
VERBS = re.search(r"^verbs := (.*)$", TEXT, re.MULTILINE)[1].split()
TARGETS = sorted(
    {*re.findall(r"^([a-z-]+):", TEXT, re.MULTILINE), *VERBS, *(f"local-{verb}" for verb in VERBS)}
    - {"clean", "bench", "test"}
)
MARK = "MARK"
HOSTILE = [
    f"x`touch {MARK}`.jpg",
    f"$(touch {MARK})",
    f"$$(touch {MARK})",
    f"$(shell touch {MARK})",
    f"${{shell touch {MARK}}}",
    "$(error read by make)",
    f"; touch {MARK};",
    f"a | touch {MARK}",
    f"a && touch {MARK}",
    f"a & touch {MARK}",
    f"' ; touch {MARK} ; '",
    f'" ; touch {MARK} ; "',
    f"a\ntouch {MARK}\n",
    f'"$(touch {MARK})"',
    f"\\`touch {MARK}\\`",
    f"$(eval x:=$(shell touch {MARK}))",
    f"a > {MARK}",
    "a # b",
    "*",
    "$HOME",
    "it's",
    'a "b" c',
    "a  b",
]
RECORD = """import json, os, sys
with open("calls", "a") as file:
    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
"""


def make(
    folder: Path, target: str, values: dict[str, str], by_environment: bool = False
) -> tuple[subprocess.CompletedProcess, list]:
    """What make answered, and the arguments and the environment of every program that it ran."""
    (folder / "calls").unlink(missing_ok=True)
    clean = {
        name: value for name, value in os.environ.items() if name not in (*GIVEN, "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    words = [] if by_environment else [f"{name}={value}" for name, value in values.items()]
    environment = {**clean, **(values if by_environment else {})}
    done = subprocess.run(
        ["make", "--no-print-directory", target, *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    calls = (
        [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
        if (folder / "calls").exists()
        else []
    )
    return done, calls


def write_folder(folder: Path) -> None:
    """Put the Makefile into `folder`, where every program that a recipe runs writes a line into `calls`."""
    shutil.copy(ROOT / "Makefile", folder)
    names = [
        *(f"scripts/{name}.py" for name in (*VERBS, "doctor", "download_data", "new_project", "try_endpoint")),
        *(
            f"tests/bench/{name}.py"
            for name in ("local", "training", "soak", "debugger", "serving", "recipe", "tuning")
        ),
        *(f"local_test/{name}.py" for name in ("demo/__main__", "doctor", "clean", "demo/sample_data")),
        *(f"tests/{name}.py" for name in ("in_image", "container_coverage", "notebooks/execution")),
    ]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(RECORD)
    (folder / "scripts/console").mkdir()
    shutil.copy(ROOT / "scripts/console/make.py", folder / "scripts/console")
    (folder / "local_test/__main__.py").write_text("print('export LOCAL=yes')")
    (folder / "pytest.py").write_text("")
    python = f'#!/bin/sh\nexec {ROOT}/.venv/bin/python "$@"\n'
    record = "#!/bin/sh\n.venv/bin/python -c '" + RECORD.replace("sys.argv[1:]", '["a script"]') + "'\n"
    programs = {
        ".venv/bin/python": python,
        "docker/tag.sh": "#!/bin/sh\necho abc\n",
        **dict.fromkeys(("docker/engine.sh", "local_test/browser.sh", "local_test/venv.sh"), "#!/bin/sh\n"),
        "local_test/doctor.sh": (ROOT / "local_test/doctor.sh").read_text(),
        **dict.fromkeys(
            ("docker/build.sh", "docker/debian_base.sh", "docker/lock.sh", "tests/try_page/fetch_axe.sh"), record
        ),
    }
    for name, text in programs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    for name in (
        "scripts/requirements.txt",
        "local_test/requirements.txt",
        "tests/requirements.txt",
        "tests/service/sdk/requirements.txt",
        "tests/service/sdk/v3/requirements.txt",
        "tests/tracking/requirements.txt",
        "tests/try_page/package-lock.json",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for name in (".venv", ".venv-sdk", ".venv-sdk3", ".venv-tracking"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "ready").touch()
