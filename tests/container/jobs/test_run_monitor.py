"""What a monitored run leaves, however it ends: a report, the rules' results, tensors and a profile; and the same
model as without.
"""

import json
import math
import os
import re
import shutil
import signal
import sys

import pytest
import torch

from container import train
from container.jobs.monitoring import save_interval
from container.runtime.failure import TrainingFailure
from container.training import trainer
from container.training.hyperparameters import command, given_values, parse
from container.training.step_loss import least_loss
from contract.hyperparameter_texts import all_values
from contract.hyperparameters import TUNING_OBJECTIVE
from tests.container.small_job import small_job

UNMONITORED = small_job(epochs=3)
MONITORED = small_job(monitored=True, epochs=3)
WITH_RULES = [*MONITORED, "--rules", "LossNotDecreasing,DeadRelu"]


def record(job):
    return json.loads((job / "output/data/report.json").read_text())


def test_a_run_leaves_a_report_of_everything(job):
    assert train.main([*WITH_RULES, "--trace-steps", "2"]) == 0
    found = record(job)
    assert found["status"] == "Completed" and [one["epoch"] for one in found["epochs"]] == [1, 2, 3]
    assert found["splits"]["train"] == {
        "pictures": 30,
        "unreadable": 0,
        "repeated": 0,
        "classes": {"Amber_hound": 10, "Slate_setter": 10, "Fern_terrier": 10},
    }
    assert {one["rule"]: one["status"] for one in found["rules"]} == {
        "LossNotDecreasing": "NoIssuesFound",
        "DeadRelu": "NoIssuesFound",
    }
    assert (
        found["evaluation"]["split"] == "test"
        and found["evaluation"]["n"] == 12
        and found["evaluation"]["calibration"]["bins"]
    )
    assert {"data", "forward", "backward", "optimizer"} <= set(found["step_times"]["summary"]) and found["step_times"][
        "step"
    ]["count"] == 9
    assert len(found["gradient_norms"]["steps"]) == 9 and all(
        len(norms) == 9 for norms in found["gradient_norms"]["layers"].values()
    )
    assert found["hyperparameters"]["epochs"] == "3" and found["command"].startswith(
        'make train HYPERPARAMETERS="pretrained=none arch=resnet18 '
    )
    assert "CPU, %" in found["system"]["series"]
    page = (job / "output/data/report.html").read_text()
    assert page.count("data:image/jpeg") >= 3 and "https://" not in page.replace("https://www.w3.org", "")
    assert list((job / "output/data/profile/traces").glob("*.json.gz")) and list(
        (job / "output/data/profile/system").rglob("*.json")
    )


@pytest.mark.parametrize("more", [[], ["--freeze-backbone", "true"]], ids=["whole", "on features"])
def test_the_report_shows_pictures_and_counts_those_that_are_repeated(job, channels, more):
    shutil.copy(channels / "valid/002.Slate_setter/1.jpg", channels / "train/002.Slate_setter/99.jpg")
    (channels / "test/001.Amber_hound/2.jpg").write_bytes(b"no picture")
    assert train.main([*MONITORED, "--debugger", "false", *more]) == 0
    found = record(job)
    assert {name: (one["pictures"], one["unreadable"], one["repeated"]) for name, one in found["splits"].items()} == {
        "train": (30, 0, 1),
        "valid": (12, 0, 0),
        "test": (11, 1, 0),
    }
    page = (job / "output/data/report.html").read_text()
    shown = {tuple(one.split("/")) for one in re.findall("alt='([^']*)'", page)}
    assert shown and shown <= {path.parts[-2:] for path in (channels / "test").rglob("*.jpg")}
    assert ("001.Amber_hound", "2.jpg") not in shown and "The model names" in page


@pytest.mark.parametrize(
    "more", [[], ["--freeze-backbone", "true"], ["--ema", "0.9", "--head-epochs", "1", "--test-flip", "true"]]
)
def test_monitoring_changes_nothing_in_the_model(job, monkeypatch, tmp_path, more):
    models = []
    for run, hyperparameters in {"on": MONITORED, "off": UNMONITORED}.items():
        monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path / run))
        assert train.main([*hyperparameters, *more]) == 0
        models.append((tmp_path / run / "model.safetensors").read_bytes())
    assert models[0] == models[1]


def test_of_several_processes_the_first_one_is_monitored(job, monkeypatch, capfd):
    """Two, as on a host with two GPUs; here they compute on the CPU."""
    monkeypatch.setattr(train.torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.delenv("SM_HOSTS", raising=False)
    assert train.main(WITH_RULES) == 0
    found = record(job)
    assert capfd.readouterr().out.count("report: ") == 1 and found["status"] == "Completed" and found["hosts"] == 1
    assert (
        len(found["epochs"]) == 3
        and {one["status"] for one in found["rules"]} == {"NoIssuesFound"}
        and found["step_times"]["step"]["count"] == 9
    )


def test_an_unmonitored_run_leaves_its_figures_alone_and_starts_nothing(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "container.debugging.rule_run", None)  # an import of it fails
    monkeypatch.setitem(sys.modules, "container.debugging.smdebug_library", None)
    assert train.main(UNMONITORED) == 0
    assert sorted(path.name for path in (job / "output/data").iterdir()) == [
        "evaluation.json",
        "mlruns",
        "tensorboard",
    ]


def test_a_tuning_jobs_trial_is_monitored_only_where_that_is_asked_for():
    trial = [f"--{TUNING_OBJECTIVE}", "valid_accuracy"]
    assert not parse(trial).debugger and not parse(trial).profiler and parse([]).debugger and parse([]).profiler
    assert parse([*trial, "--debugger", "true"]).debugger


def test_a_rule_may_end_the_training(job, capfd):
    """Its threshold is one that every run meets. The best model so far is there, and the status is 0."""
    arguments = [
        *MONITORED,
        "--rules",
        "VanishingGradient(threshold=1000000):stop",
        "--epochs",
        "10000",
        "--save-interval",
        "1",
    ]
    assert train.main(arguments) == 0
    assert "stopped by a rule in epoch" in capfd.readouterr().out and (job / "model/model.safetensors").is_file()
    found = record(job)
    assert (
        found["status"] == "Stopped"
        and found["reason"].startswith("VanishingGradient: ")
        and found["rules"][0]["status"] == "IssuesFound"
    )


def test_a_run_that_is_stopped_has_a_report(job, monkeypatch):
    real = trainer.Trainer._train_step

    def interrupted(trainer, *batch):
        if trainer.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(trainer, *batch)

    monkeypatch.setattr(trainer.Trainer, "_train_step", interrupted)
    assert train.main(WITH_RULES) == 0
    found = record(job)
    assert found["status"] == "Stopped" and found["reason"] == "Stopped on request." and len(found["epochs"]) == 2


def test_a_run_that_fails_has_a_report_with_what_there_was(job, monkeypatch):
    monkeypatch.setattr(trainer.Trainer, "_train_step", lambda trainer, inputs, targets: inputs.mean() * math.nan)
    assert train.main([*WITH_RULES, "--lr", "10"]) == 1
    found = record(job)
    assert (
        found["status"] == "Failed"
        and found["reason"] == (job / "output/failure").read_text()
        and "lr" in found["reason"]
    )
    assert found["splits"]["train"]["pictures"] == 30 and "Failed" in (job / "output/data/report.html").read_text()


def test_a_report_that_cannot_be_written_leaves_the_run_alone(job, monkeypatch, capfd):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("container.jobs.monitoring.write_report", full)
    assert train.main([*MONITORED, "--debugger", "false"]) == 0
    assert "nothing in the training: OSError" in capfd.readouterr().err and not (job / "output/failure").exists()


def test_a_wrong_configuration_of_the_platform_is_a_sentence(job, monkeypatch, tmp_path):
    (tmp_path / "hook.json").write_text('{"LocalPath": "/tmp/tensors", "CollectionConfigurations": 3}')
    monkeypatch.setenv("SMDEBUG_CONFIG_FILE_PATH", str(tmp_path / "hook.json"))
    assert train.main(WITH_RULES) == 1
    assert "DebugHookConfig" in (job / "output/failure").read_text()


def test_a_part_of_the_report_that_fails_leaves_the_others(job, monkeypatch, capfd):
    monkeypatch.setattr("container.jobs.monitoring.shown_pictures", lambda *arguments: 1 / 0)
    assert train.main([*WITH_RULES, "--debugger", "true"]) == 0
    found = record(job)
    assert (
        "warning: a part of the run's report could not be made, which changes nothing in the training: Zero"
        in capfd.readouterr().err
    )
    assert (
        found["status"] == "Completed"
        and found["step_times"]
        and found["evaluation"]["n"] == 12
        and len(found["rules"]) == 2
    )


def test_a_trace_that_cannot_be_written_costs_the_trace_alone(job, capfd):
    (job / "output/data/profile").mkdir(parents=True)
    (job / "output/data/profile/traces").write_text("in the way")
    assert train.main([*MONITORED, "--debugger", "false", "--trace-steps", "2"]) == 0
    assert "the trace cannot be written" in capfd.readouterr().err and record(job)["status"] == "Completed"


def test_a_host_of_another_name_is_monitored_too(job, monkeypatch):
    monkeypatch.setenv("SM_HOSTS", '["my-laptop"]')
    monkeypatch.setenv("SM_CURRENT_HOST", "my-laptop")
    assert train.main([*MONITORED, "--debugger", "false"]) == 0
    assert [path for path in (job / "output/data/profile/system").rglob("*.algo-1.json")]


def test_what_is_asked_of_the_monitors_switches_them_on():
    trial = [f"--{TUNING_OBJECTIVE}", "valid_accuracy"]
    assert parse([*trial, "--rules", "Overfit:stop"]).debugger and parse([*trial, "--trace-steps", "3"]).profiler
    assert (
        not parse([*trial, "--rules", "off"]).debugger
        and parse(["--rules", "off"]).rules == []
        and len(parse([]).rules) == 10
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--debugger", "false", "--rules", "Overfit"], "rules needs debugger=true"),
        (["--profiler", "false", "--trace-steps", "3"], "trace-steps needs profiler=true"),
    ],
)
def test_what_contradicts_itself_is_said(wrong, said):
    with pytest.raises(TrainingFailure, match=f"Hyperparameter {said}, and"):
        parse(wrong)


def test_a_training_loss_is_saved_less_what_smoothing_adds_at_least():
    """So that it can be compared with an evaluation's: a model that learns comes near 0."""
    assert least_loss(5, 0.0) == 0.0
    smoothed = torch.full((5,), 0.1 / 5)  # what is the best answer
    smoothed[2] += 0.9
    best = torch.nn.functional.cross_entropy(smoothed.log()[None], torch.tensor([2]), label_smoothing=0.1)
    assert least_loss(5, 0.1) == pytest.approx(float(best), rel=1e-5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--rules", "LossNotDecresing"], "LossNotDecreasing"),
        (["--rules", "Overfit(patince=1)"], "patience"),
        (["--trace-steps", "5-2"], "5-2"),
        (["--debugger", "maybe"], "must be true or false"),
    ],
)
def test_what_is_wrong_in_a_hyperparameter_of_the_monitors_is_said(job, wrong, said):
    assert train.main([*WITH_RULES, *wrong]) == 1
    reason = (job / "output/failure").read_text()
    assert reason.startswith(f"Hyperparameter {wrong[0].removeprefix('--')}: ") and said in reason


@pytest.mark.parametrize(("steps", "interval"), [(1, 1), (20, 1), (21, 2), (1040, 52), (10_000, 500), (1_000_000, 500)])
def test_tensors_are_saved_at_some_twenty_steps_of_a_run(steps, interval):
    assert save_interval(steps) == interval


def test_a_run_is_repeated_with_what_it_was_given():
    given = given_values(["--lr", '"0.01"', f"--{TUNING_OBJECTIVE}", "valid_loss", "--arch", "resnet18"])
    assert command(given) == 'make train HYPERPARAMETERS="lr=0.01 arch=resnet18"' and command({}) == "make train"
    assert command(given_values(["--lr=0.01", "--epochs", "3"])) == 'make train HYPERPARAMETERS="lr=0.01 epochs=3"'
    assert command({"rules": "DeadRelu(tensor_regex='a$'):stop"}).count("$$") == 1
    values = all_values(parse(["--lr", "0.01", "--arch", "resnet18"]), given)
    assert (values["lr"], values["arch"], values["rules"], values["trace-steps"], values["batch-size"]) == (
        "0.01",
        "resnet18",
        "default",
        "off",
        "64",
    )
    assert (values["mixed-precision"], values["label-smoothing"], values["early-lr"]) == ("true", "0.1", "0.1")
