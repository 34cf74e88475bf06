"""Each notebook against the local SageMaker, in the virtual environment of its packages."""

import ast
import sys
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.execution import ENVIRONMENTS, ROOT
from tests.notebooks.outputs import texts
from tests.service.sdk.in_shell import in_shell


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_notebook_tunes_trains_deploys_asks_and_leaves_nothing_behind(local, name, tmp_path):
    in_shell(local, sys.executable, "-m", "tests.notebooks.execution", "--output", tmp_path, name)
    ran, kept = (nbformat.read(folder / name, as_version=4) for folder in (tmp_path, ROOT))
    api = local.client("sagemaker")

    [tuning, *_] = api.list_hyper_parameter_tuning_jobs(SortBy="CreationTime", SortOrder="Descending")[
        "HyperParameterTuningJobSummaries"
    ]
    assert tuning["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning["TrainingJobStatusCounters"]["Completed"] == 3
    found = api.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=tuning["HyperParameterTuningJobName"])
    best = found["BestTrainingJob"]["TunedHyperParameters"]
    [job, *_] = api.list_training_jobs(SortBy="CreationTime", SortOrder="Descending", NameContains="-train-")[
        "TrainingJobSummaries"
    ]
    trained = api.describe_training_job(TrainingJobName=job["TrainingJobName"])
    given = {key: value.strip('"') for key, value in trained["HyperParameters"].items()}
    assert trained["TrainingJobStatus"] == "Completed" and given["debugger"] == given["profiler"] == "true"
    assert float(given["lr"]) == pytest.approx(float(best["lr"]))
    assert given["batch-size"] == best["batch-size"].strip('"')

    said = [one["breed"] for one in ast.literal_eval(output_of(ran, "answers"))]
    assert sum(breed == truth for breed, truth in zip(said, breeds(name), strict=True)) >= 3, said
    assert output_of(ran, "refused").startswith("415 ")
    assert "LossNotDecreasing" in output_of(ran, "rules")

    assert api.list_endpoints()["Endpoints"] == api.list_models()["Models"] == []
    assert api.list_endpoint_configs()["EndpointConfigs"] == []
    assert local.keys("") == []
    assert shape(ran) == shape(kept), "run the notebooks anew: make notebooks"


def breeds(name: str) -> list[str]:
    """Of the pictures that the notebook of this name has drawn, in the order of their folders."""
    sdk = name.removeprefix("train_and_deploy").removesuffix(".ipynb").replace("_", "-")
    drawn = Path(ROOT, f"out/notebook{sdk}/pictures/test")
    return [folder.name.partition(".")[2].replace("_", " ") for folder in sorted(drawn.iterdir())]


def output_of(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    [cell] = [cell for cell in notebook.cells if cell.id == cell_id]
    return "".join(texts(cell))


def shape(notebook: nbformat.NotebookNode) -> dict[str, list]:
    """The sources of the cells, and which kinds of output each has. A warning that a library gives is none."""
    return {
        cell.id: [
            cell.source,
            *(
                [one.output_type, *sorted(one.get("data", ()))]
                for one in cell.get("outputs", ())
                if one.get("name") != "stderr"
            ),
        ]
        for cell in notebook.cells
    }
