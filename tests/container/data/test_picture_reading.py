"""One odd file never ends a job: it is left out, named and counted."""

import io

import numpy as np
import pytest
from PIL import Image

from container.data.class_folders import read_split
from container.data.picture_store import decode_split
from container.pictures.preprocessing import Preprocessing

SMALL = Preprocessing.for_image_size(32)


def broken_avif() -> bytes:
    """Its header is whole; its decoder raises RuntimeError."""
    buffer = io.BytesIO()
    Image.effect_noise((90, 70), 80).convert("RGB").save(buffer, "AVIF")
    content = buffer.getvalue()
    pixels = content.index(b"mdat") + 4
    return content[:pixels] + b"\xff" * (len(content) - pixels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (broken_avif(), "not a readable picture: Failed to decode"),
        (b"DDS |\0\0\0" + bytes(124), "a DDS texture, which is not taken; use JPEG"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100), "a JPEG 2000 picture, which is not taken; use JPEG"),
        (b"", "an empty file"),
    ],
)
def test_an_odd_file_is_left_out_named_and_counted(channels, tmp_path, capsys, content, reason):
    victim = channels / "train/002.Slate_setter/3.jpg"
    victim.write_bytes(content)
    store = decode_split(read_split(channels / "train", "train"), SMALL, tmp_path / "store")
    [(path, said)] = store.unreadable
    assert path == victim and said.startswith(reason) and len(store) == 29
    assert f"warning: {victim} is left out: {reason}" in capsys.readouterr().err


def test_a_picture_of_one_colour_is_warned_of_and_stays(channels, tmp_path, capsys):
    victim = channels / "train/002.Slate_setter/3.jpg"
    Image.new("RGB", (90, 70), (0, 0, 0)).save(victim)
    almost = Image.new("RGB", (90, 70), (0, 0, 0))
    almost.putpixel((45, 35), (200, 200, 200))
    almost.save(channels / "train/002.Slate_setter/4.jpg", quality=100)
    store = decode_split(read_split(channels / "train", "train"), SMALL, tmp_path / "store")
    assert len(store) == 30
    warnings = capsys.readouterr().err
    assert f"{victim} is the same colour all over, (0, 0, 0)" in warnings and warnings.count("same colour") == 1


def test_a_picture_is_the_same_from_a_file_as_from_a_request(channels, tmp_path):
    from container.pictures.preprocessing import open_picture

    split = read_split(channels / "train", "train")
    store = decode_split(split, SMALL, tmp_path / "store")
    square = SMALL.to_square(open_picture(split.paths[0].read_bytes()))
    assert np.array_equal(store.square(0)[0].permute(1, 2, 0).numpy(), square)
