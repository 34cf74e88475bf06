"""`python -m tests.notebooks.execution [--output FOLDER] [NOTEBOOK...]`: run notebooks, by default all, on the
SageMaker that the environment leads to, and keep their outputs.

Each runs in the virtual environment that has its packages. What is kept is said in tests/notebooks/outputs.py.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.notebooks.outputs import normalise

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = {
    "train_and_deploy.ipynb": ".venv",
    "train_and_deploy_sdk2.ipynb": ".venv-sdk",
    "train_and_deploy_sdk3.ipynb": ".venv-sdk3",
}
LONGEST_CELL = 1200  # seconds


def execute(notebook: nbformat.NotebookNode, python: Path) -> None:
    """Run all cells in the repository's folder; their outputs come into `notebook`. Raises CellExecutionError.

    python: the interpreter of an environment with ipykernel.
    """
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder, "kernels/python3/kernel.json")
        spec.parent.mkdir(parents=True)
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
        specs = KernelSpecManager(kernel_dirs=[str(spec.parents[1])], ensure_native_kernel=False)
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(
                kernel_name="python3",
                kernel_spec_manager=specs,
                transport="ipc",  # sockets that nobody else on this machine can open
                connection_file=str(Path(folder, "kernel.json")),
            ),
            timeout=LONGEST_CELL,
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            resources={"metadata": {"path": str(ROOT)}},
        )
        # Neither the user's own start-up files nor their history.
        client.execute(env={**os.environ, "IPYTHONDIR": folder}, cleanup_kc=True)


def chosen_of(arguments: list[str]) -> argparse.Namespace:
    """notebooks: names, all where none is given. output: a folder."""
    parser = argparse.ArgumentParser(description="Run notebooks and keep their outputs.")
    parser.add_argument("notebooks", nargs="*", metavar="notebook", help=f"of {', '.join(ENVIRONMENTS)}; default: all")
    parser.add_argument("--output", type=Path, default=ROOT, help="folder for the notebooks with their outputs")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.notebooks) - set(ENVIRONMENTS)):  # argparse's choices forbid to name none
        parser.error(f"there is no notebook {unknown[0]}")
    chosen.notebooks = chosen.notebooks or list(ENVIRONMENTS)
    return chosen


def main(arguments: list[str]) -> int:
    chosen = chosen_of(arguments)
    for name in chosen.notebooks:
        notebook = nbformat.read(ROOT / name, as_version=4)
        try:
            execute(notebook, ROOT / ENVIRONMENTS[name] / "bin/python")
        except CellExecutionError as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return 1
        normalise(notebook)
        nbformat.write(notebook, chosen.output / name)
        print(f"{name}: {len(notebook.cells)} cells", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
