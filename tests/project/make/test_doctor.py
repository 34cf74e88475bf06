"""make doctor: two halves, each of which is shown whatever becomes of the other."""

import json

import pytest

from tests.project.make.recorded_make import make


@pytest.mark.parametrize(("machine", "account", "status"), [(0, 0, 0), (1, 0, 2), (0, 1, 2)])
def test_doctor_fails_where_either_half_says_so_and_shows_both(folder, machine, account, status):
    for name, text, ends in (("local_test", "this machine", machine), ("scripts", "the account", account)):
        (folder / name / "doctor.py").write_text(f"import sys; print({text!r}); sys.exit({ends})")
    done, _ = make(folder, "doctor", {})
    assert done.returncode == status and done.stdout == "this machine\n\nthe account\n", done


def test_doctor_in_json_is_one_document_of_both_halves(folder):
    for name in ("local_test", "scripts"):
        (folder / name / "doctor.py").write_text("import json, sys; print(json.dumps({'findings': sys.argv[1:]}))")
    done, _ = make(folder, "doctor", {"ARGS": "--json"})
    assert json.loads(done.stdout) == {"machine": {"findings": ["--json"]}, "account": {"findings": ["--json"]}}, done


def test_doctor_looks_at_the_machine_also_where_the_packages_cannot_be_had(folder):
    (folder / ".venv/ready").unlink()
    (folder / "local_test/venv.sh").write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    (folder / "local_test/doctor.py").write_text("print('this machine')")
    done, calls = make(folder, "doctor", {})
    assert done.returncode == 2 and done.stdout.startswith("this machine\n") and "no network" in done.stderr, done
    assert "PIP_INDEX_URL" in done.stdout and calls == []
