"""A real Chromium without a window, by the DevTools protocol over two pipes: no port, no library.

https://chromedevtools.github.io/devtools-protocol
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = (
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",  # macOS puts none on PATH
)
READS, WRITES = 3, 4  # the browser's ends of the pipes, by --remote-debugging-pipe
SECONDS = 60


def find_browser() -> str:
    """The browser's path. Raises RuntimeError where there is none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError(f"None of {', '.join(PROGRAMS)} is here. Run `make browser`, which says how to get one.")
    return found


@contextlib.contextmanager
def running_browser(folder: Path, *more: str) -> Iterator["Browser"]:
    """folder: of its profile and its log; both may go afterwards. more: options of the browser's own."""
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        "--headless",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder / 'profile'}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--disable-background-networking",
        *(["--no-sandbox"] if os.getuid() == 0 else []),  # root has to say so
        *more,
    ]
    pipes = [*os.pipe(), *os.pipe()]
    # Above the numbers that the browser's ends get, so that neither is closed by the other's move.
    [its_input, our_output, our_input, its_output] = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in pipes]
    for one in pipes:
        os.close(one)
    log = os.open(folder / "browser.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    program = find_browser()
    process = os.posix_spawn(
        program,
        [program, *options, "about:blank"],
        os.environ,
        setpgroup=0,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, source, target)
            for source, target in ((log, 1), (log, 2), (its_input, READS), (its_output, WRITES))
        ],
    )
    for one in (log, its_input, its_output):
        os.close(one)
    try:
        yield Browser(our_output, our_input, folder / "browser.log")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(our_output)
        os.close(our_input)


class Browser:
    """output, input: descriptors of the pipes."""

    def __init__(self, output: int, input: int, log: Path):
        self._output, self._input, self._log = output, input, log
        self._unread, self._last = b"", 0
        self.events: list[dict] = []

    def ask(self, method: str, session: str | None = None, **parameters) -> dict:
        """The answer to a command; what else comes meanwhile is kept in `events`. Raises RuntimeError for an error or
        after SECONDS.
        """
        self._last += 1
        message = {
            "id": self._last,
            "method": method,
            "params": parameters,
            **({"sessionId": session} if session else {}),
        }
        self._write(json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> dict:
        """The next event of this kind that is not yet read."""
        deadline = time.monotonic() + SECONDS
        while True:
            for event in self.events:
                if event.get("method") == method and event.get("sessionId") == session:
                    self.events.remove(event)
                    return event["params"]
            self.events.append(self._read(deadline))

    def open(self, file: Path | str, width: int, height: int = 900, dark: bool = False) -> "Page":
        """A page in a window of its own, shown and loaded. file: or an address. width, height: CSS pixels; narrow ones
        are a phone's.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        page.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        page.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        page.ask("Page.navigate", url=file if isinstance(file, str) else file.as_uri())
        page.wait_for("Page.loadEventFired")
        return page

    def _write(self, content: bytes) -> None:
        while content:
            content = content[os.write(self._output, content) :]

    def _read(self, deadline: float) -> dict:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._input], [], [], max(0.0, deadline - time.monotonic()))
            came = os.read(self._input, 1 << 20) if ready else b""
            if not came:
                raise RuntimeError(
                    f"The browser {'has ended' if ready else 'did not answer'}: "
                    f"{self._log.read_text(errors='replace')[-1000:]}"
                )
            self._unread += came
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)


class Page:
    """A window of the browser."""

    def __init__(self, browser: Browser, session: str, target: str):
        self._browser, self._session, self._target = browser, session, target

    def ask(self, method: str, **parameters) -> dict:
        return self._browser.ask(method, self._session, **parameters)

    def wait_for(self, event: str) -> dict:
        """What the next event of this kind says."""
        return self._browser.wait_for(event, self._session)

    def value(self, expression: str):
        """What a JavaScript expression, or the promise that it is, gives, as Python's. Raises RuntimeError for one that
        throws.
        """
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """Errors and warnings in the console, and exceptions nobody caught."""
        found = []
        for event in self._events():
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(
                    parameters["exceptionDetails"]
                    .get("exception", {})
                    .get("description", parameters["exceptionDetails"]["text"])
                )
            if event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                found.append(str([one.get("value", one.get("description")) for one in parameters["args"]]))
            if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(parameters["entry"]["text"])
        return found

    def loaded(self) -> list[str]:
        """The addresses of everything that was asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self._events()
            if event["method"] == "Network.requestWillBeSent"
        ]

    def move_pointer(self, x: float, y: float) -> None:
        """To CSS pixels of the window."""
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def screenshot(self, file: Path, whole: bool = True) -> None:
        """A PNG: of the whole page or of the window."""
        file.write_bytes(
            base64.b64decode(
                self.ask("Page.captureScreenshot", captureBeyondViewport=whole, **self._clip(whole))["data"]
            )
        )

    def pdf(self, file: Path) -> None:
        """As it is printed on A4."""
        file.write_bytes(
            base64.b64decode(
                self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)["data"]
            )
        )

    def close(self) -> None:
        self._browser.ask("Target.closeTarget", targetId=self._target)

    def _events(self) -> list[dict]:
        self.value("0")  # what came before this answer is read by then
        return [one for one in self._browser.events if one.get("sessionId") == self._session]

    def _clip(self, whole: bool) -> dict:
        if not whole:
            return {}
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}
