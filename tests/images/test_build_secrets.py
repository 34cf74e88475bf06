"""The secrets that a build is given are in no layer of the images, nor in their history."""

import json
import tarfile

import pytest

from local_test.host.labels import labels

MARK = "A build secret: must not be in any layer"  # both secrets carry it
SMALL = 2_000_000  # bytes


def test_no_secret_of_the_build_is_in_any_layer(engine, train_image, serve_image):
    """Every small file of every layer is searched, also those that a later layer removes."""
    stored = [engine.images.get(image).attrs["GraphDriver"] for image in (train_image, serve_image)]
    if all(one["Name"] == "overlay2" for one in stored):
        searched, found = search_folders(engine, serve_image, [one["Data"] for one in stored])
    else:
        searched, found = search_archive(engine, train_image, serve_image)
    assert searched > 10_000 and found == []


def search_folders(engine, tool: str, images: list[dict[str, str]]) -> tuple[int, list[str]]:
    """Where the engine keeps each layer as a folder, in a container that sees these: packing 7 GB takes a minute."""
    folders = {folder for data in images for folder in [data["UpperDir"], *data["LowerDir"].split(":")]}
    script = (
        f"cd /layers; find . -type f -size -{SMALL}c -print0 >/dev/shm/small; tr -dc '\\0' </dev/shm/small | wc -c; "
        f"xargs -0 grep -lF '{MARK}' </dev/shm/small || [ $? = 123 ]"  # what it says of grep's 1: nothing found
    )
    printed = engine.containers.run(
        tool,
        ["-euc", script],
        entrypoint="sh",
        remove=True,
        network_mode="none",
        labels=labels("tests", "layers"),
        volumes={folder: {"bind": f"/layers/{number}", "mode": "ro"} for number, folder in enumerate(sorted(folders))},
    )
    searched, *found = printed.decode().splitlines()
    return int(searched), found


def search_archive(engine, *images: str) -> tuple[int, list[str]]:
    searched, found = 0, []
    saved = engine.api.get(engine.api._url("/images/get"), params={"names": images}, stream=True)
    with tarfile.open(fileobj=saved.raw, mode="r|") as image:
        for blob in image:
            if not blob.isfile() or blob.size < 1024 or blob.name.endswith(".json"):
                continue
            try:
                with tarfile.open(fileobj=image.extractfile(blob), mode="r|*") as layer:
                    for member in layer:
                        if member.isfile() and 0 < member.size < SMALL:
                            searched += 1
                            if MARK.encode() in layer.extractfile(member).read():
                                found.append(member.name)
            except tarfile.ReadError:
                continue  # a manifest, not a layer
    return searched, found


@pytest.mark.parametrize("kind", ["train_image", "serve_image"])
def test_no_secret_of_the_build_is_in_the_history(engine, request, kind):
    assert MARK not in json.dumps(engine.images.get(request.getfixturevalue(kind)).history())
