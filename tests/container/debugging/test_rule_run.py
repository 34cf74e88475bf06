"""The process that evaluates rules beside the training, and what training hears of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from container.debugging.rule_outcome import read_outcomes
from container.debugging.rule_run import RuleRun
from container.debugging.tensor_hook import TensorHook
from contract.rule_choices import parse_rules
from tests.container.debugging.small_runs import SmallNet, train


@pytest.fixture
def start(tmp_path):
    """Starts a run of rules on the folder `run`, and sees to it that no process stays."""
    runs = []

    def start_rules(text, folder=tmp_path / "run"):
        runs.append(RuleRun(folder, parse_rules(text), tmp_path / "output/rules.json"))
        return runs[-1]

    yield start_rules
    for run in runs:
        run.finish(0)


def broken_run(folder, **options):
    torch.manual_seed(0)
    net = SmallNet()
    train(folder, net, torch.optim.SGD(net.parameters(), 0.0), steps=21, **options)


def wait_until(condition, seconds=60):
    ends = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.05)
    return found


def test_each_rule_of_a_run_has_an_outcome(tmp_path, start):
    rules = start("UnchangedTensor,ExplodingTensor,WeightUpdateRatio(small_threshold=1e-3)")
    broken_run(tmp_path / "run")
    unchanged, exploding, ratio = rules.finish(60)
    assert (unchanged.status, unchanged.first_step, unchanged.first_mode, unchanged.violations) == (
        "IssuesFound",
        20,
        "TRAIN",
        1,
    )
    assert unchanged.sentence.startswith("5 of 5 tensors") and unchanged.last_step == 21
    assert (exploding.status, exploding.violations, exploding.sentence, exploding.first_step) == (
        "NoIssuesFound",
        0,
        "",
        None,
    )
    assert (ratio.status, ratio.first_step, ratio.violations) == ("IssuesFound", 10, 2) and ratio.parameters[
        "small_threshold"
    ] == 1e-3
    assert read_outcomes(tmp_path / "output/rules.json") == [unchanged, exploding, ratio] == rules.finish(0)


def test_all_rules_are_quiet_on_a_healthy_run(healthy_run, start):
    outcomes = start("default", healthy_run).finish(60)
    assert {outcome.status for outcome in outcomes} == {"NoIssuesFound"} and len(outcomes) == 10


def test_a_rule_that_ends_the_training_says_why_while_training_goes_on(tmp_path, start):
    rules = start("ExplodingTensor,UnchangedTensor:stop")
    assert rules.stop_reason() is None
    hook = TensorHook.create(tmp_path / "run", 1)
    net = SmallNet()
    for _ in range(3):
        hook.begin_step("TRAIN")
        loss = net(torch.ones(2, 3, 8, 8)).sum()
        net.zero_grad()
        loss.backward()
        hook.save_step(loss, net)
    reason = wait_until(rules.stop_reason)
    assert reason.startswith("UnchangedTensor: 5 of 5 tensors are the same")
    assert not (tmp_path / "run/training_job_end.ts").exists()
    hook.close()


def test_a_rule_that_may_not_end_the_training_does_not(tmp_path, start):
    rules = start("UnchangedTensor,ExplodingTensor:stop")
    broken_run(tmp_path / "run")
    assert rules.finish(60)[0].status == "IssuesFound"
    rules._looked = 0.0
    assert rules.stop_reason() is None


def test_a_training_that_stalls_is_found(tmp_path, start):
    rules = start("StalledTraining(threshold=0.2):stop")
    hook = TensorHook.create(tmp_path / "run", 1)
    hook.save_evaluation(1.0)
    net = SmallNet()
    hook.begin_step("TRAIN")
    hook.save_step(net(torch.ones(2, 3, 8, 8)).sum(), net)
    assert "after step 0" in wait_until(rules.stop_reason)
    hook.close()
    [outcome] = rules.finish(60)
    assert (outcome.status, outcome.first_mode, outcome.first_step) == ("IssuesFound", "TRAIN", 0)


def test_a_run_without_steps_has_no_issues(tmp_path, start):
    TensorHook.create(tmp_path / "run", 1).close()
    assert [outcome.status for outcome in start("default").finish(60)] == ["NoIssuesFound"] * 10


def test_a_rule_that_fails_is_an_error_and_the_others_go_on(tmp_path, start):
    broken_run(tmp_path / "run")
    [events] = tmp_path.glob("run/events/*10/*.tfevents")
    events.write_bytes(events.read_bytes()[:200])  # torn on the disk
    stalled, unchanged = start("StalledTraining,UnchangedTensor").finish(60)
    assert unchanged.status == "Error" and unchanged.sentence.startswith("The rule itself failed: ")
    assert (stalled.status, stalled.last_step) == ("NoIssuesFound", 21)


def test_a_killed_process_is_an_error_of_its_rules_and_no_exception(tmp_path, start):
    rules = start("ExplodingTensor,UnchangedTensor:stop")
    wait_until((tmp_path / "output/rules.json").exists)
    os.kill(rules._process.pid, signal.SIGKILL)
    broken_run(tmp_path / "run")
    assert rules.stop_reason() is None
    outcomes = rules.finish(60)
    assert [outcome.status for outcome in outcomes] == ["Error", "Error"] and "SIGKILL" in outcomes[0].sentence
    assert read_outcomes(tmp_path / "output/rules.json") == outcomes


def test_a_process_that_cannot_start_is_an_error_of_its_rules(tmp_path, start, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    [outcome] = start("ExplodingTensor").finish(60)
    assert outcome.status == "Error" and "exit status 1" in outcome.sentence
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-such-program"))
    rules = start("ExplodingTensor:stop")
    assert rules.stop_reason() is None
    [outcome] = rules.finish(60)
    assert outcome.status == "Error" and "could not be started" in outcome.sentence


def test_a_run_that_could_save_nothing_is_an_error_of_its_rules(tmp_path, start):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/training_job_end.ts").touch()
    [outcome] = start("ExplodingTensor").finish(60)
    assert outcome.status == "Error" and "left no tensors" in outcome.sentence


def test_a_process_that_has_just_begun_can_be_ended(tmp_path, start):
    [outcome] = start("ExplodingTensor").finish(0)
    assert outcome.status == "InProgress" and "ended before" in outcome.sentence


def test_rules_that_did_not_see_the_end_in_time_are_still_in_progress(tmp_path, start):
    rules = start("ExplodingTensor")
    hook = TensorHook.create(tmp_path / "run", 1)
    hook.save_evaluation(1.0)
    wait_until((tmp_path / "output/rules.json").exists)
    [outcome] = rules.finish(0)
    assert outcome.status == "InProgress" and "ended before" in outcome.sentence
    assert rules._process.poll() == 0
    hook.close()


def test_a_terminated_process_says_what_it_found(tmp_path, start):
    rules = start("ExplodingTensor,UnchangedTensor")
    broken_run(tmp_path / "run")
    (tmp_path / "run/training_job_end.ts").unlink()
    wait_until(
        lambda: (
            (tmp_path / "output/rules.json").exists()
            and read_outcomes(tmp_path / "output/rules.json")[0].last_step == 21
        )
    )
    rules._process.terminate()
    exploding, unchanged = rules.finish(60)
    assert (exploding.status, unchanged.status) == (
        "InProgress",
        "IssuesFound",
    ) and "ended before" in exploding.sentence


def test_choosing_rules_does_not_import_smdebug():
    program = (
        "import sys, container.debugging.rule_run, contract.rule_choices; "
        "sys.exit('smdebug' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_process_has_a_low_priority_and_a_file_that_is_always_whole(tmp_path, start):
    rules = start("ExplodingTensor")
    results = tmp_path / "output/rules.json"
    wait_until(results.exists)
    assert json.loads(results.read_text())["rules"][0]["status"] == "InProgress"
    assert os.getpriority(os.PRIO_PROCESS, rules._process.pid) >= 15
    assert sorted(path.name for path in results.parent.iterdir()) == ["rules-config.json", "rules.json"]


def test_the_process_ends_when_the_training_is_gone(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from container.debugging.rule_run import RuleRun; "
        "from contract.rule_choices import parse_rules; "
        f"run = RuleRun(Path({str(tmp_path)!r}) / 'run', parse_rules('Overfit'), Path({str(tmp_path)!r}) / "
        "'rules.json'); "
        "print(run._process.pid, flush=True); sys.stdin.read()"
    )
    training = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    rules = int(training.stdout.readline())
    wait_until((tmp_path / "rules.json").exists)
    training.kill()
    training.communicate()

    def gone():
        stat = Path(f"/proc/{rules}/stat")
        return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"

    wait_until(gone)
    assert read_outcomes(tmp_path / "rules.json")[0].status == "InProgress"
