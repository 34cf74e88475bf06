"""make data: resumable, checked, and clear about a network that refuses."""

import http.server
import io
import threading
import zipfile

import pytest

from scripts.console.failure import Failure
from scripts.download_data import download


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("dogImages/train/001.Beagle/a.jpg", bytes(range(256)) * 400)
    return buffer.getvalue()


@pytest.fixture
def server():
    """A file server that supports Range and can break off. `server.content`, `server.cut`, `server.ranges`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            self.server.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            if start >= len(self.server.content):
                self.send_error(416)
                return
            body = self.server.content[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: self.server.cut])

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.content, served.cut, served.ranges = a_zip(), None, []
        served.url = f"http://127.0.0.1:{served.server_port}/dogImages.zip"
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def test_a_download_arrives_whole(server, tmp_path):
    download(server.url, tmp_path / "dogs.zip")
    assert (tmp_path / "dogs.zip").read_bytes() == server.content


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    server.cut = 5_000
    with pytest.raises(Failure, match="Run it again"):
        download(server.url, tmp_path / "dogs.zip")
    assert not (tmp_path / "dogs.zip").exists()
    server.cut = None
    download(server.url, tmp_path / "dogs.zip")
    assert server.ranges == [None, "bytes=5000-"]
    assert (tmp_path / "dogs.zip").read_bytes() == server.content


def test_a_download_that_was_complete_but_not_renamed_is_finished(server, tmp_path):
    (tmp_path / "dogs.zip.part").write_bytes(server.content)
    download(server.url, tmp_path / "dogs.zip")
    assert (tmp_path / "dogs.zip").read_bytes() == server.content


def test_what_is_not_a_sound_zip_is_not_kept(server, tmp_path):
    broken = bytearray(server.content)
    broken[1_000] ^= 0xFF
    server.content = bytes(broken)
    with pytest.raises(Failure, match="not a sound zip"):
        download(server.url, tmp_path / "dogs.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_member_that_is_broken_within_is_no_sound_zip_either(server, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(range(256)) * 400)
    broken = bytearray(buffer.getvalue())
    broken[40:60] = b"\xff" * 20  # what is packed begins at 35
    server.content = bytes(broken)
    with pytest.raises(Failure, match="not a sound zip"):
        download(server.url, tmp_path / "dogs.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_not_taken_for_the_network(server, tmp_path):
    (tmp_path / "dogs.zip.part").mkdir()
    with pytest.raises(IsADirectoryError):
        download(server.url, tmp_path / "dogs.zip")


def test_a_network_that_refuses_is_named_with_the_next_step(tmp_path):
    with pytest.raises(Failure, match=r"cannot be reached.*make demo DATA="):
        download("http://127.0.0.1:1/dogImages.zip", tmp_path / "dogs.zip")
