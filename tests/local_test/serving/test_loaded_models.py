"""What a multi-model container says about its models."""

import pytest

from local_test.serving.loaded_models import has_no_worker


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (b'[{"modelName": "a", "workers": []}]', True),
        (b'{"modelName": "a", "workers": []}', True),
        (b'[{"modelName": "a", "workers": [{"id": "9000", "status": "READY"}]}]', False),
        (b'{"modelName": "a", "modelUrl": "/opt/ml/models/a/model"}', False),  # all that the contract asks for
        (b"[]", False),
        (b"null", False),
        (b"", False),
        (b"<html>", False),
        (b"\xff", False),
    ],
)
def test_only_a_description_with_workers_of_which_there_is_none_says_so(description, expected):
    assert has_no_worker(description) is expected
