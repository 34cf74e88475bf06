import pytest

from tests.project.make.recorded_make import write_folder


@pytest.fixture
def folder(tmp_path):
    """A folder with the Makefile, in which every program that a recipe runs writes a line into `calls`."""
    write_folder(tmp_path)
    return tmp_path
