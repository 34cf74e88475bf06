"""A warning of the code in the images is an error in its tests; pytest.ini has the few that are not ours."""

import warnings

import pytest

CATEGORIES = (
    UserWarning,
    DeprecationWarning,
    PendingDeprecationWarning,
    FutureWarning,
    RuntimeWarning,
    ImportWarning,
    ResourceWarning,
    SyntaxWarning,
)


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("module", ["container.train", "container.serving.server.serve", "contract.splits", "__main__"])
def test_a_warning_of_our_code_is_an_error(module, category):
    with pytest.raises(category, match="of ours"):
        warnings.warn_explicit("a warning of ours", category, "/opt/program/a_file.py", 1, module)
