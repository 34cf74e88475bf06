"""Which model answers."""

import os

from container.serving.inference.model_folder import HASHED_ENDS, model_version


def test_the_version_is_that_of_the_content_and_not_of_the_unpacking(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder / "code").mkdir(parents=True)
        (tmp_path / folder / "model.safetensors").write_bytes(b"weights")
        (tmp_path / folder / "code/inference.py").write_text("x = 1")
    os.utime(tmp_path / "a/model.safetensors", (1, 1))
    first = model_version(tmp_path / "a")
    assert first == model_version(tmp_path / "b") and len(first) == 12 and int(first, 16) >= 0
    (tmp_path / "b/code/inference.py").write_text("x = 2")
    assert model_version(tmp_path / "b") != first


def test_a_change_at_either_end_of_a_large_file_is_another_version(tmp_path):
    content = bytearray(3 * HASHED_ENDS)
    versions = set()
    for position in (None, 0, len(content) - 1):
        if position is not None:
            content[position] ^= 1
        (tmp_path / "weights").write_bytes(content)
        versions.add(model_version(tmp_path))
    assert len(versions) == 3
