"""`doctor` on a machine with an engine and a running local SageMaker: both halves, as `make doctor` runs them."""

import os
import subprocess
import sys
import time

from local_test.environment import variables
from local_test.host.identity import access_key_of


def said(*words, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, text=True, **options)


def test_a_machine_on_which_it_runs_has_no_problem_and_the_local_account_lacks_nothing(served):
    local = served()
    started = time.monotonic()
    machine = said("local_test", "doctor", "--folder", local.folder)
    assert machine.returncode == 0 and "0 problems" in machine.stdout, machine
    assert f"runs, at {local.address.url}." in " ".join(machine.stdout.split())
    wanted = variables(local.address, access_key_of(local.folder), local.folder, os.environ)
    environment = {name: value for name, value in {**os.environ, **wanted}.items() if value is not None}
    account = said("scripts.doctor", env=environment)
    assert account.returncode == 0 and "0 problems" in account.stdout, account
    for subject in ("credentials", "role", "permissions", "bucket"):
        assert f"ok       {subject}" in account.stdout, account.stdout
    assert time.monotonic() - started < 60
    assert local.client("iam").list_users()["Users"] == []  # it asks, and makes nothing
