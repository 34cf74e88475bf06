"""What the tests of the debugger share: a healthy run, and a platform that gives no configuration."""

import pytest
import torch

from tests.container.debugging.small_runs import SmallNet, train


@pytest.fixture(autouse=True)
def no_configuration_of_the_platform(monkeypatch, tmp_path):
    """Each test says itself what the platform gives."""
    monkeypatch.setenv("SMDEBUG_CONFIG_FILE_PATH", str(tmp_path / "there-is-none.json"))


@pytest.fixture(scope="session")
def healthy_run(tmp_path_factory):
    """The folder of a small network that learns three colours, with label smoothing as the project trains."""
    folder = tmp_path_factory.mktemp("healthy") / "tensors"
    torch.manual_seed(0)
    model = SmallNet()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMDEBUG_CONFIG_FILE_PATH", str(folder / "there-is-none.json"))
        losses = train(
            folder, model, torch.optim.AdamW(model.parameters(), 3e-4), steps=320, save_interval=50, smoothing=0.1
        )
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    return folder


@pytest.fixture
def net():
    torch.manual_seed(0)
    return SmallNet()
