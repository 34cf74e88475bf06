"""The sample data set: repeatable, in Udacity's layout, and not to be solved by colour."""

import numpy as np
import pytest
from PIL import Image

from local_test.demo.sample_breeds import invent_breeds
from local_test.demo.sample_data import SampleSize, draw_sample_data
from local_test.demo.sample_pictures import draw_picture

SIZE = SampleSize(breeds=5, train=24, valid=1, test=12, seed=3)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample") / "data"
    assert draw_sample_data(folder, SIZE)
    return folder


def test_the_layout_is_that_of_dog_images(sample):
    classes = sorted(folder.name for folder in (sample / "train").iterdir())
    assert len(classes) == 5 and classes[0].startswith("001.")
    for split, count in (("train", 24), ("valid", 1), ("test", 12)):
        assert sorted(folder.name for folder in (sample / split).iterdir()) == classes
        assert all(len(list(folder.glob("*.jpg"))) == count for folder in (sample / split).iterdir())


def test_pictures_have_the_size_of_photographs(sample):
    sizes = []
    for path in sample.rglob("*.jpg"):
        with Image.open(path) as picture:
            sizes.append(picture.size)
    assert all(400 <= width <= 600 and 300 <= height <= 450 for width, height in sizes)
    assert len(set(sizes)) > 20


def test_a_finished_data_set_is_not_drawn_again(sample):
    assert not draw_sample_data(sample, SIZE)


def test_the_same_seed_draws_the_same_picture_and_another_seed_does_not():
    breed = invent_breeds(2)[0]
    assert draw_picture(breed, 7).tobytes() == draw_picture(breed, 7).tobytes()
    assert draw_picture(breed, 7).tobytes() != draw_picture(breed, 8).tobytes()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(FileExistsError, match="not a finished sample data set"):
        draw_sample_data(tmp_path, SIZE)
    assert (tmp_path / "mine").read_text() == "x"


def test_a_linear_look_at_mean_colour_does_not_name_the_breed(sample):
    """Least squares on mean and spread of each channel: a model of the held-out pictures stays near chance (20%)."""

    def features(split):
        rows, labels = [], []
        for label, folder in enumerate(sorted((sample / split).iterdir())):
            for path in sorted(folder.iterdir()):
                with Image.open(path) as picture:
                    pixels = np.asarray(picture) / 255
                rows.append([1, *pixels.mean((0, 1)), *pixels.std((0, 1))])
                labels.append(label)
        return np.array(rows), np.array(labels)

    rows, labels = features("train")
    weights, *_ = np.linalg.lstsq(rows, np.eye(5)[labels], rcond=None)
    rows, labels = features("test")
    assert ((rows @ weights).argmax(1) == labels).mean() < 0.45


def test_breeds_are_all_different_and_a_longer_list_begins_with_the_shorter():
    breeds = invent_breeds(133)
    assert len({breed.name for breed in breeds}) == 133
    assert len({(breed.ears, breed.tail, breed.pattern, round(breed.body_length, 3)) for breed in breeds}) == 133


def test_the_first_breeds_differ_in_at_least_three_traits():
    breeds = invent_breeds(8)

    def traits(breed):
        build = "long" if breed.body_length > 1.6 else "square" if breed.body_length > 1.2 else "tall"
        return (breed.ears, breed.tail, breed.pattern, build)

    for one in breeds:
        for other in breeds:
            if one is not other:
                assert sum(a != b for a, b in zip(traits(one), traits(other), strict=True)) >= 3


@pytest.mark.parametrize("count", [1, 201])
def test_more_breeds_than_there_are_is_an_error(count):
    with pytest.raises(ValueError, match="2 to 200"):
        invent_breeds(count)
