"""Hints name the target that the user's shell has for a verb."""

import pytest

from scripts.console.make import VERB_PREFIX, make


@pytest.mark.parametrize(("prefix", "hint"), [(None, "make push"), ("local-", "make local-push")])
def test_a_hint_has_the_prefix_of_the_targets_in_use(monkeypatch, prefix, hint):
    monkeypatch.delenv(VERB_PREFIX, raising=False)
    if prefix:
        monkeypatch.setenv(VERB_PREFIX, prefix)
    assert make("push") == hint
