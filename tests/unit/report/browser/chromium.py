"""A headless Chromium, driven over its own debugging pipe: no port, no driver program, no library."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from fcntl import F_DUPFD_CLOEXEC, fcntl
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
PATIENCE = 60.0
"""Seconds until a browser that says nothing is given up."""
_HIGH = 20
_MIDDLE = """(selector) => {
  const it = document.querySelector(selector);
  it.scrollIntoView({block: "center"});
  const at = it.getBoundingClientRect();
  return {x: at.x + at.width / 2, y: at.y + at.height / 2};
}"""
_QUIET = (
    "--headless=new",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def found() -> str | None:
    """The program, where there is one."""
    return shutil.which(PROGRAM)


class Chromium:
    """One browser process. Its pages are Page."""

    def __init__(self, program: str, folder: Path) -> None:
        there, self._to = os.pipe()
        self._from, here = os.pipe()
        # Chromium wants them as 3 and 4, so neither may be one of these before.
        ends = [fcntl(end, F_DUPFD_CLOEXEC, _HIGH) for end in (there, here)]
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        options = [*_QUIET, *as_root, f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"]
        connected = 'exec "${@:3}" 3<&"$1" 4>&"$2"'
        self._process = subprocess.Popen(
            ["bash", "-c", connected, PROGRAM, *map(str, ends), program, *options],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for end in (there, here, *ends):
            os.close(end)
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def end(self) -> None:
        """Close it and wait until it is gone."""
        try:
            self.call("Browser.close")
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._to)
            os.close(self._from)

    def call(self, method: str, session: str = "", **given: Any) -> Any:
        """Ask and wait for the answer; what is told meanwhile is kept in `events`."""
        self._number += 1
        number = self._number
        asked = {"id": number, "method": method, "params": given, **({"sessionId": session} if session else {})}
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        answer = self._until(lambda told: told.get("id") == number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def await_event(self, method: str, session: str) -> None:
        """Wait for what may have been told already."""

        def it(told: dict[str, Any]) -> bool:
            return told.get("method") == method and told.get("sessionId") == session

        if not any(map(it, self.events)):
            self._until(it)

    def page(self, address: str, **look: Any) -> Page:
        """Open an address; `look` as in Page."""
        return Page(self, address, **look)

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while True:
            message, nul, rest = self._rest.partition(b"\0")
            if nul:
                self._rest = rest
                told: dict[str, Any] = json.loads(message)
                if "method" in told:
                    self.events.append(told)
                if wanted(told):
                    return told
                continue
            ready, _, _ = select.select([self._from], [], [], max(end - time.monotonic(), 0))
            assert ready, "Chromium says nothing"
            piece = os.read(self._from, 1 << 20)
            assert piece, "Chromium has ended"
            self._rest += piece


class Page:
    """One open page. `width`, `height` in CSS pixels; `scheme`: light or dark; `scripts`: whether its own may run."""

    def __init__(
        self,
        browser: Chromium,
        address: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        scripts: bool = True,
    ) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=address)
        browser.await_event("Page.loadEventFired", self._session)

    def close(self) -> None:
        """Close the page."""
        self._browser.call("Target.closeTarget", targetId=self._target)

    def call(self, method: str, **given: Any) -> Any:
        """Ask for something of this page."""
        return self._browser.call(method, self._session, **given)

    def value(self, expression: str) -> Any:
        """What an expression gives, as JSON."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def awaited(self, expression: str) -> Any:
        """What an expression gives as soon as that is true; the last it gave where patience ends."""
        end = time.monotonic() + PATIENCE / 10
        while not (given := self.value(expression)) and time.monotonic() < end:
            time.sleep(0.02)
        return given

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of an element."""
        place = self.value(f"({_MIDDLE})({json.dumps(selector)})")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def write(self, selector: str, text: str) -> None:
        """Type into a field, in place of what is in it."""
        self.click(selector)
        self.value(f"document.querySelector({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)

    def told(self, *methods: str) -> list[dict[str, Any]]:
        """What the browser told about this page so far."""
        self.value("1")
        mine = (event for event in self._browser.events if event.get("sessionId") == self._session)
        return [event["params"] for event in mine if event["method"] in methods]

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A PNG of the page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(b64decode(shot["data"]))
