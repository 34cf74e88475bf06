"""The images, one after the other."""

import pytest

from tests.images.contents.image_content import IMAGES


@pytest.fixture(params=IMAGES)
def name(request):
    return request.getfixturevalue(request.param)
