"""make compare: the newest trainings or named ones, from what they left in S3 and in their logs."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts import compare
from scripts.console import terminal
from tests.scripts.comparison.trainings import description, evaluation, log_lines, name_of, record
from tests.scripts.console.documented import fields
from tests.scripts.sagemaker_stand_in import Refusal

GROUP = "/aws/sagemaker/TrainingJobs"
PAGE = Path("out/compare/page.html")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal, "has_display", lambda: False)


@pytest.fixture
def put(aws, bucket):
    """Put a job's output.tar.gz: of members by name, or these bytes."""

    def put_archive(number: int, members: dict[str, bytes] | bytes):
        packed = io.BytesIO()
        if isinstance(members, bytes):
            packed = io.BytesIO(members)
        else:
            with tarfile.open(fileobj=packed, mode="w:gz") as archive:
                for name, content in members.items():
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        key = f"dogbreed/jobs/{name_of(number)}/output/output.tar.gz"
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=packed.getvalue())

    return put_archive


@pytest.fixture
def jobs(sagemaker, bucket):
    """`jobs(description, ...)`: the training jobs of the account, the newest first."""

    def as_json(described: dict) -> dict:
        return {**described, "CreationTime": described["CreationTime"].timestamp()}

    def make(*described: dict):
        found = {one["TrainingJobName"]: as_json(one) for one in described}
        fields = ("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingJobStatus")
        sagemaker.answers["ListTrainingJobs"] = {
            "TrainingJobSummaries": [{field: one[field] for field in fields} for one in found.values()]
        }

        def describe(request: dict) -> dict:
            if request["TrainingJobName"] not in found:
                raise Refusal("ValidationException", "Requested resource not found.")
            return found[request["TrainingJobName"]]

        sagemaker.answers["DescribeTrainingJob"] = describe
        sagemaker.answers["DescribeHyperParameterTuningJob"] = Refusal("ResourceNotFound", "No such tuning job.")

    return make


def output(**hyperparameters: str) -> dict[str, bytes]:
    return {
        "report.html": b"<!doctype html>",
        "./report.json": json.dumps(record(**hyperparameters)).encode(),
        "evaluation.json": json.dumps(evaluation()).encode(),
        "tensors/large": b"x",
    }


def test_the_newest_trainings_are_shown_side_by_side(jobs, put, capsys):
    jobs(
        description(3, HyperParameters={"lr": "0.01"}),
        description(2),
        description(1, HyperParameters={"features-only": "true", "freeze-backbone": "true"}),
    )
    put(3, output(lr="0.01"))
    put(2, output(lr="0.001"))
    assert compare.main([]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[:3] == [f" 1  {name_of(3)}  Completed", f" 2  {name_of(2)}  Completed", ""]
    assert any(line.startswith("≠ lr") and line.split()[-2:] == ["0.01", "0.001"] for line in lines)
    assert lines[-1] == f"page: {PAGE}" and said.err == ""
    text = PAGE.read_text()
    assert name_of(3) in text and text.count("<figure>") == 3 and name_of(1) not in text


def test_as_many_as_asked_for(jobs, capsys):
    jobs(*(description(number) for number in (5, 4, 3)))
    assert compare.main(["--last", "2"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[:2]] == [name_of(5), name_of(4)]


@pytest.mark.parametrize("count", ["0", "25", "many"])
def test_a_count_that_cannot_be_is_a_sentence(jobs, capsys, count):
    with pytest.raises(SystemExit) as ended:
        compare.main(["--last", count])
    assert ended.value.code == 2 and "--last" in capsys.readouterr().err


def test_named_ones_in_the_order_of_their_names_and_each_once(jobs, capsys):
    jobs(*(description(number) for number in (5, 4, 3)))
    assert compare.main([name_of(3), name_of(5), name_of(3)]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[:2]] == [name_of(3), name_of(5)]


def test_no_training_at_all_is_a_sentence(sagemaker, capsys):
    assert compare.main([]) == 1
    said = capsys.readouterr().err
    assert "dogbreed has no training job in eu-west-1, so there is nothing to compare. Run `make train`." in said
    assert not PAGE.exists()


def test_a_name_that_no_job_has_is_a_sentence(jobs, capsys):
    jobs(description(1))
    assert compare.main([name_of(1), "dogbreed-train-x"]) == 1
    assert "There is no training job and no tuning job dogbreed-train-x in eu-west-1." in capsys.readouterr().err


def test_a_running_job_without_output_is_read_from_its_log(jobs, write_log, capsys):
    jobs(description(2, status="InProgress", SecondaryStatus="Training"), description(1, status="Failed"))
    write_log(GROUP, f"{name_of(2)}/algo-1-17", *log_lines(4, tested=False))
    assert compare.main([]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.endswith("InProgress: It is InProgress: these are its figures so far.")
    assert second.endswith("Failed: It left no figures: neither its log nor its output has any.")
    assert PAGE.read_text().count("<figure>") == 3


def test_a_foreign_script_is_compared_by_what_its_log_says(jobs, write_log, put, capsys):
    algorithm = {
        "TrainingImage": "1.dkr.ecr.eu-west-1.amazonaws.com/theirs:1",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
    }
    jobs(
        description(2, AlgorithmSpecification=algorithm, HyperParameters={"depth": '"4"'}),
        description(1, AlgorithmSpecification=algorithm, HyperParameters={"depth": '"6"'}),
    )
    put(2, {"report.json": b"not json", "evaluation.json": b"[1, 2]"})
    for number in (1, 2):
        write_log(GROUP, f"{name_of(number)}/algo-1-17", "step 1 loss=2", f"step 2 loss=1.{number}")
    assert compare.main([]) == 0
    assert any(line.split() == ["≠", "depth", "4", "6"] for line in capsys.readouterr().out.splitlines())
    assert PAGE.read_text().count("<figure>") == 1


def test_a_broken_output_costs_its_figures_and_not_the_comparison(jobs, put, capsys):
    jobs(description(2), description(1))
    put(2, b"no archive")
    put(1, output())
    assert compare.main([]) == 0
    said = capsys.readouterr()
    assert f"warning: {name_of(2)} is compared without its output." in said.err
    assert "Its output could not be read: " in PAGE.read_text() and "87.0%" in said.out


def test_a_tuning_job_stands_for_its_best_trials(jobs, sagemaker, capsys):
    trials = [description(number) for number in (1, 2, 3)]
    jobs(*trials)
    sagemaker.answers["DescribeHyperParameterTuningJob"] = {
        "HyperParameterTuningJobName": "dogbreed-tune-x",
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": 1,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "valid_accuracy"},
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            "ParameterRanges": {},
        },
        "TrainingJobDefinition": {"StaticHyperParameters": {}},
        "BestTrainingJob": {"TrainingJobName": name_of(2)},
    }
    sagemaker.answers["ListTrainingJobsForHyperParameterTuningJob"] = {
        "TrainingJobSummaries": [
            {
                "TrainingJobName": one["TrainingJobName"],
                "TrainingJobStatus": "Completed",
                "CreationTime": place,
                "TunedHyperParameters": {},
                "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "valid_accuracy", "Value": value},
            }
            for place, (one, value) in enumerate(zip(trials, (0.5, 0.9, 0.7), strict=True))
        ]
    }
    assert compare.main(["dogbreed-tune-x", "--last", "2"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[:2]] == [name_of(2), name_of(3)]


def test_the_page_is_opened_where_it_can_be_seen(jobs, monkeypatch):
    jobs(description(1))
    opened = []
    monkeypatch.setattr(terminal, "has_display", lambda: True)
    monkeypatch.setattr(terminal.webbrowser, "open", opened.append)
    assert compare.main(["--no-open"]) == 0 and opened == []
    assert compare.main([]) == 0 and opened == [PAGE.absolute().as_uri()]


def test_files_for_tensorboard_and_mlflow_are_brought_together(jobs, put, capsys):
    jobs(description(2), description(1))
    (stale := Path("out/compare/tensorboard/gone")).mkdir(parents=True)
    for number in (2, 1):
        put(
            number,
            output()
            | {
                "tensorboard/events.out.tfevents.1.algo-1": b"events",
                "mlruns/0/meta.yaml": b"experiment_id: '0'",
                f"mlruns/0/{number}/metrics/valid_loss": b"1 0.5 1",
                "mlruns/../../../escaped": b"x",
                "mlruns//tmp/escaped": b"x",
            },
        )
    assert compare.main([]) == 0
    files = {str(path.relative_to("out/compare")) for path in Path("out/compare").rglob("*") if path.is_file()}
    assert files == {
        "page.html",
        *(f"tensorboard/{name_of(number)}/events.out.tfevents.1.algo-1" for number in (1, 2)),
        "mlruns/0/meta.yaml",
        "mlruns/0/1/metrics/valid_loss",
        "mlruns/0/2/metrics/valid_loss",
        "mlruns/tmp/escaped",
    }
    assert not stale.exists() and not Path("escaped").exists()
    assert "see also: tensorboard --logdir out/compare/tensorboard" in capsys.readouterr().out


def test_the_document_has_what_the_docs_say(jobs, put, capsys):
    jobs(description(2, HyperParameters={"lr": "0.01"}), description(1, status="Failed", FailureReason="lr is odd"))
    put(2, output(lr="0.01"))
    assert compare.main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {*found, *found["trainings"][0]} == fields("compare")
    first, second = found["trainings"]
    assert first["job"] == name_of(2) and first["hyperparameters"]["lr"] == "0.01"
    assert first["figures"]["test_accuracy"] == 0.87 and first["created"].startswith("2026-11-26T")
    assert (second["status"], second["reason"]) == ("Failed", "lr is odd") and found["page"] == str(PAGE)
