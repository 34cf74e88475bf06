"""Hints name the target that the user's shell has for a verb."""

import pytest

from scripts.console.make_prefix import VARIABLE, make


@pytest.mark.parametrize(("prefix", "hint"), [(None, "make push"), ("local-", "make local-push")])
def test_a_hint_has_the_prefix_of_the_targets_in_use(monkeypatch, prefix, hint):
    monkeypatch.delenv(VARIABLE, raising=False)
    if prefix:
        monkeypatch.setenv(VARIABLE, prefix)
    assert make("push") == hint
