"""make help names every target, and nothing that there is not."""

import re
import shlex
import subprocess

from tests.project.make.recorded_make import GIVEN, ROOT, TARGETS, VERBS


def help_lines():
    done = subprocess.run(["make", "--no-print-directory", "-C", ROOT], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_help_shows_every_target_in_a_group_with_what_it_does():
    lines = help_lines()
    shown = [re.match(r"  make ([a-z-]+)( \S.*?)? {2,}\S", line) for line in lines if line.startswith("  ")]
    assert all(shown), lines
    by_hand = {target for target in TARGETS if not (target.startswith("local-") and target[6:] in VERBS)}
    assert by_hand | {"clean", "bench", "test"} <= {one[1] for one in shown}
    assert next(line for line in lines if line and not line.startswith(" ")) == "Begin here"


def test_every_example_of_help_names_targets_and_variables_that_there_are():
    known = {*TARGETS, "clean", "bench", "test"}
    for line in help_lines():
        if not line.startswith("  make "):
            continue
        words = shlex.split(re.split(r" {2,}", line.strip())[0])[1:]
        for word in words:
            name, equals, _ = word.partition("=")
            assert name in (("PIP_EXTRA_INDEX_URL", *GIVEN) if equals else known), line
