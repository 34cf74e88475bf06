"""The page, served as `make try` serves it, in a Chromium with a camera that draws its own picture; an endpoint whose
answers are written down.
"""

import io
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from scripts.try_page.server import PageServer
from tests.report_page.browser import Page, running_browser
from tests.try_page.endpoint import Endpoint

FACTS = {"name": "dogbreed", "region": "eu-west-1", "service": "https://runtime.sagemaker.eu-west-1.amazonaws.com"}
AXE = Path(__file__).parents[2] / "out/axe-core/node_modules/axe-core/axe.min.js"
SECONDS = 20
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    with running_browser(tmp_path_factory.mktemp("browser"), "--use-fake-device-for-media-stream") as running:
        yield running


@pytest.fixture(scope="session")
def axe() -> str:
    """Its JavaScript."""
    if not AXE.is_file():
        pytest.fail("axe-core is not in out/axe-core. `make test-try-page` fetches it from npm, once.")
    return AXE.read_text()


@pytest.fixture
def endpoint():
    return Endpoint()


@pytest.fixture
def server(endpoint):
    server = PageServer(0, endpoint, FACTS)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pictures(tmp_path):
    """Paths of pictures by name."""
    paths = {}
    for name, size in {"beagle.jpg": (400, 300), "boxer.png": (200, 300), "a.webp": (64, 64)}.items():
        paths[name] = str(tmp_path / name)
        Image.new("RGB", size, (200, 120, 60)).save(paths[name])
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    paths["broken.jpg"] = str(tmp_path / "broken.jpg")
    return paths


class Tried:
    """The page as somebody uses it."""

    def __init__(self, page: Page):
        self.page = page
        page.ask("DOM.enable")

    def value(self, expression: str):
        return self.page.value(expression)

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + SECONDS
        while not self.value(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"never: {condition}\n{self.value('document.body.innerText')}"
            time.sleep(0.02)

    def choose(self, *paths: str) -> None:
        """What the file dialog gives."""
        root = self.page.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.page.ask("DOM.querySelector", nodeId=root, selector="#files")["nodeId"]
        self.page.ask("DOM.setFileInputFiles", nodeId=node, files=list(paths))

    def answered(self, count: int) -> None:
        """Wait until nothing is on its way: `count` pictures have their answers, and their maps where they are
        asked for.
        """
        shown = "[...document.querySelectorAll('.card')]"
        wants_map = "document.getElementById('decided').checked && !one.querySelector('.classes').hidden"
        self.until(
            f"{shown}.length === {count} && {shown}.every(one => one.querySelector('.wait').hidden && "
            f"(!({wants_map}) || one.querySelector('.decided').textContent))"
        )

    def text(self, selector: str) -> list[str]:
        """Of those that are shown."""
        return self.value(
            f"[...document.querySelectorAll({selector!r})].filter(one => one.checkVisibility())"
            ".map(one => one.innerText.trim())"
        )

    def press(self, key: str, text: str = "", **more) -> None:
        code = {"windowsVirtualKeyCode": KEYS[key]} if key in KEYS else {}
        self.page.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, text=text, **code, **more)
        self.page.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, **code)

    def complaints(self) -> list[str]:
        """But for the status of requests that were refused, which the page tells in words."""
        return [one for one in self.page.complaints() if "status of 424" not in one and "status of 502" not in one]


@pytest.fixture
def visit(browser, server):
    """`visit(width, dark)` opens the page; it is closed when the test ends."""
    opened = []

    def open_page(width: int = 1100, dark: bool = False, address: str | None = None) -> Tried:
        opened.append(browser.open(address or server.address, width, dark=dark))
        tried = Tried(opened[-1])
        tried.until(
            "document.getElementById('endpoint').textContent.trim() || !document.getElementById('problem').hidden"
        )
        return tried

    yield open_page
    for one in opened:
        one.close()


def png(size: tuple[int, int] = (30, 20)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "green").save(buffer, "PNG")
    return buffer.getvalue()
