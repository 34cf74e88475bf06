"""A model whose predict_fn takes and returns arrays."""

import pytest

from tests.serving.default_functions.arrays import ARRAYS


@pytest.fixture(scope="package")
def arrays(serve, model_folder):
    with serve(model_folder({"code/inference.py": ARRAYS}, None)) as served:
        yield served
