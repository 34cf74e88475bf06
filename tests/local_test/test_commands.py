"""The commands of the local SageMaker where no service runs: what they say, and their exit status."""

import json

import pytest

from local_test.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["status"], 1, "The local SageMaker is not running (folder {folder}). Start it:"),
        (["down"], 0, "The local SageMaker is not running (folder {folder})."),
        (["logs", "a-job"], 1, "error: The local SageMaker is not running (folder {folder}). Start it:"),
        (
            ["logs"],
            1,
            "error: there is no {folder}/service.log: no local SageMaker was started in the background there.",
        ),
        (["interrupt"], 2, "error: name a spot training job:"),
        (["interrupt", "a-job"], 2, "error: The local SageMaker is not running (folder {folder}). Start it:"),
        (["push"], 2, "error: name an image of the engine:"),
    ],
)
def test_a_command_that_needs_more_says_what(arguments, status, said, tmp_path, capsys):
    assert main([*arguments, "--folder", str(tmp_path)]) == status
    shown = capsys.readouterr()
    assert said.format(folder=tmp_path) in shown.out + shown.err


def test_status_as_json_is_one_document(tmp_path, capsys):
    assert main(["status", "--json", "--folder", str(tmp_path)]) == 1
    assert json.loads(capsys.readouterr().out) == {"running": False, "folder": str(tmp_path)}


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_there_cannot_be_is_a_usage_error(port, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["up", "--port", port, "--folder", str(tmp_path)])
    assert ended.value.code == 2 and "--port must be at least 0 and at most 65535" in capsys.readouterr().err


def test_a_folder_for_files_that_is_not_there_is_a_usage_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["up", "--allow-files", str(tmp_path / "missing"), "--folder", str(tmp_path / "state")])
    assert ended.value.code == 2 and f"and {tmp_path / 'missing'} is none" in capsys.readouterr().err


def test_a_start_that_fails_shows_what_it_logged_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DOCKER_HOST", "unix:///not/there.sock")
    (tmp_path / "service.log").write_text("error: of a start before\n")
    assert main(["up", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "The local SageMaker did not start." in said and "No Docker engine answers at unix:///not/there.sock" in said
    assert "of a start before" not in said


def test_a_damaged_file_of_the_state_is_a_sentence(tmp_path, capsys):
    (tmp_path / "service.json").write_text("{")
    assert main(["status", "--folder", str(tmp_path)]) == 1
    assert f"error: {tmp_path}/service.json cannot be read" in capsys.readouterr().err
