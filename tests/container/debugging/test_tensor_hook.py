"""The hook over a run: at which steps it saves, as configured, and how it goes on and ends."""

import pytest
from smdebug import modes

from container.debugging.smdebug_library import create_trial
from container.debugging.tensor_hook import TensorHook
from container.runtime.failure import TrainingFailure
from tests.container.debugging.one_step import one_step
from tests.container.debugging.small_runs import configured, separable_pictures

LOSS = "CrossEntropyLoss_output_0"


def test_a_step_says_whether_it_saves_what_modules_give(tmp_path, net):
    hook = TensorHook.create(tmp_path / "run", 20)
    found = []
    for step in range(41):
        if hook.begin_step("TRAIN"):
            found.append((step, hook.needs_module_hooks(net)))
    assert found == [(0, True), (10, False), (20, True), (30, False), (40, True)]
    hook.close()


def test_the_configuration_of_the_platform_is_supported(tmp_path, monkeypatch, net):
    folder = configured(
        monkeypatch,
        tmp_path,
        {"train.save_interval": "4", "eval.save_interval": "2", "include_regex": "pool_output"},
        ("losses", {"train.save_interval": "2", "end_step": "9"}),
        ("weights", {"start_step": "4", "reductions": "abs_max,l1_norm,variance"}),
        ("head_outputs", {"save_steps": "3"}),
        ("my_biases", {"include_regex": "^SmallNet_head.*bias$", "train.save_interval": "5"}),
    )
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(tmp_path / "not-this-one", 500)
    assert hook.folder == folder
    for _ in range(13):
        one_step(hook, net, inputs, labels)
        hook.save_evaluation(0.5)
    hook.close()
    trial = create_trial(str(folder))
    assert trial.tensor(LOSS).steps(modes.TRAIN) == [0, 2, 4, 6, 8] and trial.tensor(LOSS).steps(modes.EVAL) == [
        0,
        2,
        4,
        6,
        8,
    ]
    weight = trial.tensor("SmallNet_head.6.weight")
    assert weight.steps(modes.TRAIN) == [4, 8, 12]
    assert set(weight.reduction_values(8, modes.TRAIN)) == {("max", True), ("l1", False), ("variance", False)}
    assert weight.reduction_value(8, "max", modes.TRAIN, abs=True) == pytest.approx(
        float(net.head[6].weight.detach().abs().max())
    )
    assert trial.tensor("head.6_output_0").steps(modes.TRAIN) == [0, 3, 4, 8, 12]
    assert trial.tensor("pool_output_0").value(4, modes.TRAIN).shape == (12, 3, 4, 4)
    assert trial.tensor("SmallNet_head.6.bias").steps(modes.TRAIN) == [0, 5, 10]
    assert not any(name.startswith("gradient/") for name in trial.tensor_names())


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"CollectionConfigurations": [{"CollectionName": "nobodys"}]}',
        '{"HookParameters": {"save_interval": "often"}}',
    ],
)
def test_a_configuration_that_cannot_be_used_is_a_sentence(tmp_path, monkeypatch, text):
    (tmp_path / "config.json").write_text(text)
    monkeypatch.setenv("SMDEBUG_CONFIG_FILE_PATH", str(tmp_path / "config.json"))
    with pytest.raises(TrainingFailure, match=r"config.json .*DebugHookConfig"):
        TensorHook.create(tmp_path / "run", 500)


def test_steps_are_counted_by_mode(tmp_path):
    hook = TensorHook.create(tmp_path / "run", 500)
    saved = [step for step in range(5000) if hook.begin_step("TRAIN")]
    assert saved == list(range(0, 5000, 10))
    assert [hook.begin_step("EVAL") for _ in range(3)] == [True] * 3
    assert hook.begin_step("TRAIN")
    hook.close()


def test_a_run_that_goes_on_counts_from_its_step_and_keeps_what_was_saved_before(tmp_path, net):
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(tmp_path / "run", 5)
    for step in range(12):
        one_step(hook, net, inputs, labels)
        if step % 4 == 3:
            hook.save_evaluation(float(step))
    hook.close()
    hook = TensorHook.create(tmp_path / "run", 5, first_step=8)
    for _ in range(8, 17):
        one_step(hook, net, inputs, labels)
    hook.save_evaluation(16.0)
    hook.close()
    trial = create_trial(str(tmp_path / "run"))
    assert trial.steps(modes.TRAIN) == [0, 5, 10, 15]
    # the evaluation after step 11 came after steps that were made again, and so did it
    assert trial.tensor(LOSS).steps(modes.EVAL) == [0, 1, 2]
    assert [float(trial.tensor(LOSS).value(step, modes.EVAL)) for step in range(3)] == [3.0, 7.0, 16.0]
    assert trial.steps() == sorted(set(trial.steps()))


def test_a_run_that_goes_on_in_an_empty_folder_counts_from_its_step(tmp_path, net):
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(tmp_path / "run", 10, first_step=95)
    for _ in range(10):
        one_step(hook, net, inputs, labels)
    hook.close()
    assert create_trial(str(tmp_path / "run")).steps(modes.TRAIN) == [100]


def test_close_may_be_called_twice_and_marks_the_end(tmp_path):
    hook = TensorHook.create(tmp_path / "run", 500)
    hook.save_evaluation(1.0)
    assert not (tmp_path / "run/training_job_end.ts").exists()
    hook.close()
    hook.close()
    trial = create_trial(str(tmp_path / "run"))
    assert trial.steps(modes.EVAL) == [0] and trial.loaded_all_steps


def test_the_end_is_marked_under_sagemaker_too(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINING_JOB_NAME", "a-job")  # smdebug itself would leave it to the service
    TensorHook.create(tmp_path / "run", 500).close()
    assert (tmp_path / "run/training_job_end.ts").exists()


def test_a_run_that_fails_inside_a_step_leaves_the_steps_before_it(tmp_path, net):
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(tmp_path / "run", 1)
    one_step(hook, net, inputs, labels)
    with pytest.raises(RuntimeError):
        one_step(hook, net, inputs[:, :1], labels)
    hook.close()
    assert create_trial(str(tmp_path / "run")).steps() == [0]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_a_folder_that_cannot_be_written_costs_the_tensors_and_not_the_run(tmp_path, capsys, net):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/events").write_text("a file where smdebug's folder should be")
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(tmp_path / "run", 1)
    for _ in range(5):
        assert one_step(hook, net, inputs, labels).isfinite()
    hook.close()
    assert (
        capsys.readouterr().err.count(
            "warning: the debugger saves no more tensors, and training continues without them: "
        )
        == 1
    )
