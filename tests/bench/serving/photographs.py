"""The photographs that every server answers, and how a request carries one: the file's bytes as they are."""

from pathlib import Path

MOST = 133  # as many as the model has classes: its last layer knows them all (random_model.py)


def photographs(data: Path) -> list[Path]:
    """JPEG files of the test split, spread evenly over its classes, in sorted order."""
    found = sorted(
        path
        for path in (data / "test").rglob("*")
        if path.suffix.lower() in (".jpg", ".jpeg") and not path.name.startswith(".")
    )
    assert found, f"{data / 'test'} holds no JPEG"
    count = min(MOST, len(found))
    return [found[number * len(found) // count] for number in range(count)]


def requests(data: Path, path: str) -> list[bytes]:
    """A whole HTTP request for each of the photographs. path: where the server takes them."""
    bodies = [photograph.read_bytes() for photograph in photographs(data)]
    head = (
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nAccept: application/json\r\n"
        "Content-Length: {}\r\n\r\n"
    )
    return [head.format(path, len(body)).encode() + body for body in bodies]
