"""The small images that the service builds for itself: one for each content, and for each renewal of the base."""

from types import SimpleNamespace

import pytest
from docker.errors import ImageNotFound

from local_test.host import small_image as module
from local_test.host.small_image import small_image


@pytest.fixture
def named(tmp_path, monkeypatch):
    """named(recipe, pin): the name of the image of a folder with this Dockerfile, where the engine has every image."""
    monkeypatch.setattr(module, "PIN", tmp_path / "base.pin")
    client = SimpleNamespace(images=SimpleNamespace(get=lambda name: name))

    def name(recipe: str, pin: str) -> str:
        (tmp_path / "Dockerfile").write_text(recipe)
        (tmp_path / "base.pin").write_text(pin)
        return small_image(client, "local-sagemaker-thing", tmp_path, ("Dockerfile",))

    return name


def test_a_renewed_base_or_another_recipe_makes_another_image(named):
    first = named("FROM a", "renewed=2026-11-01")
    assert first == named("FROM a", "renewed=2026-11-01") and first.startswith("local-sagemaker-thing:")
    assert len({first, named("FROM b", "renewed=2026-11-01"), named("FROM a", "renewed=2026-12-01")}) == 3


def test_one_that_the_engine_lacks_is_built(tmp_path, monkeypatch):
    def missing(name):
        raise ImageNotFound("no such image")

    built = []
    monkeypatch.setattr(module, "_build", lambda client, image, folder: built.append((image, folder)))
    (tmp_path / "Dockerfile").write_text("FROM a")
    name = small_image(SimpleNamespace(images=SimpleNamespace(get=missing)), "thing", tmp_path, ("Dockerfile",))
    assert built == [(name, tmp_path)]
