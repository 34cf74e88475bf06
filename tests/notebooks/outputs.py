"""What a notebook keeps of its outputs: what a reader sees, without the names, accounts and addresses of one run.

Cells tagged `progress` keep nothing: a reader sees in them how far a job is while they run.
"""

import re

import nbformat

PROGRESS = "progress"
# Numbers to numbers of the same length, so that tables stay straight.
_STABLE = (
    (r"\b\d{8}-\d{6}-\d{3}\b", "20260101-000000-000"),  # the time in a job's name
    (r"-tune-\d{6}-\d{6}\b", "-tune-260101-000000"),
    (r"\b(\d{3})-[0-9a-zA-Z]{8}\b", r"\1-xxxxxxxx"),  # a trial's name after its tuning job's
    (r"\b\d{12}\b", "123456789012"),  # an account
    (r"\blocal-sagemaker-[0-9a-z]+\b", "local-sagemaker"),  # the local SageMaker's bucket
    (r" at 0x[0-9a-f]+", ""),  # an object's address
    (r":[0-9a-f]{12}(-dirty)?(-w[0-9a-f]{8})?\b", ":0123456789ab"),  # an image's tag
)


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Bring the outputs into that form, in place, and leave of the metadata what every kernel has."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kept = [] if is_progress(cell) else [one for one in cell.outputs if not _is_frame(one)]
            cell.outputs = [_stable_output(one) for one in kept]


def is_progress(cell: nbformat.NotebookNode) -> bool:
    return PROGRESS in cell.metadata.get("tags", ())


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """All that a cell's outputs hold, but for pictures."""
    outputs = cell.get("outputs", ())
    found = [one.text for one in outputs if "text" in one]
    return found + [text for one in outputs for kind, text in one.get("data", {}).items() if kind.startswith("text/")]


def stable(text: str) -> str:
    """Names with times, accounts, tags of images: the same in every run."""
    for pattern, form in _STABLE:
        text = re.sub(pattern, form, text)
    return text


def _is_frame(output: nbformat.NotebookNode) -> bool:
    """Whether it shows a file of that run, which nobody else has: they would see an empty frame."""
    return "<iframe" in output.get("data", {}).get("text/html", "")


def _stable_output(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if "text" in output:
        output.text = stable(output.text)
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/"):
            output.data[kind] = stable(content)
    return output
