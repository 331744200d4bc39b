"""The on-air bar in a browser whose frames we make ourselves, one by one, and whose pixels we read.

Chromium's headless shell takes `HeadlessExperimental.beginFrame`: nothing is drawn but when we say so, and for the
moment that we say.
"""

import asyncio
import base64
import io
import itertools
import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import websockets
from PIL import Image

from tests.servers import ROOT, eventually
from ticker.bundle import joined
from ticker.onair.output import Look

NAMES = ("chromium-headless-shell", "chrome-headless-shell")
ARGUMENTS = (
    "--remote-debugging-port=0",
    "--run-all-compositor-stages-before-draw",
    "--disable-new-content-rendering-timeout",
    "--disable-threaded-animation",
    "--disable-threaded-scrolling",
    "--disable-checker-imaging",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
WEB = ROOT / "web" / "onair"

FIRST = 88_000_000_000
SPEED = 4
LOOK = Look(width=640, height=100, bar=60, bottom=20, text=28, background="#12151cd9", safe_area=0)
WORDS = {
    "en": ("Storm reaches the coast", "Rates held at 3.25 %", "Acme pays $5bn 📈", "Late penalty decides it"),
    "ar": ("العاصفة تبلغ الساحل", "تثبيت الفائدة عند 3.25٪", "Acme pays $5bn 📈", "ركلة جزاء تحسم اللقاء"),
}


def executable() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise RuntimeError(f"Only {NAMES[0]} can step frames, and it is not on the PATH: apt-get install {NAMES[0]}")


class Shell:
    """One headless shell, and what it is told over the DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}

    async def listen(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if answer := self._answers.pop(message.get("id"), None):
                answer.set_result(message)

    async def ask(self, method: str, session: str | None = None, **params: Any) -> Any:
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        request = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        await self._socket.send(json.dumps(request))
        message = await asyncio.wait_for(answer, 30)
        assert "error" not in message, (method, message["error"])
        return message["result"]

    async def page(self, rate: Fraction, first: int, look: Look = LOOK, **options: Any) -> "Page":
        """A page that draws the frame `first` when it is stepped for the first time."""
        made = {"url": "about:blank", "width": look.width, "height": look.height, "enableBeginFrameControl": True}
        context = await self.ask("Target.createBrowserContext")
        target = await self.ask("Target.createTarget", **made, **context)
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"], rate, first)
        await page.build(**options)
        return page


class Page:
    """A bar and the loop that draws it: the number of the frame follows from the time that the browser says."""

    def __init__(self, shell: Shell, session: str, rate: Fraction, first: int) -> None:
        self._shell = shell
        self._session = session
        self._rate = rate
        self._ms = 1000 * time.monotonic()  # the browser's clock, which it only lets go forward
        self.frame = first - 1

    async def run(self, script: str) -> Any:
        answer = await self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def build(self, *, backdrop: str = "transparent", fonts: str = "", **options: Any) -> None:
        clear = {"r": 0, "g": 0, "b": 0, "a": 0}
        await self._ask("Emulation.setDefaultBackgroundColorOverride", color=clear)
        script = re.sub(r"^export const", "const", joined(WEB / "bar.js").decode())
        style = fonts + (WEB / "bar.css").read_text() + f"body {{ margin: 0; background: {backdrop} }}"
        await self.run(f"""
            document.head.appendChild(document.createElement("style")).textContent = {json.dumps(style)};
            {script};
            const bar = new Bar(document.body, {json.dumps(options)});
            let begun = null;
            let told = null;
            const rate = {float(self._rate)};
            const draw = (now) => {{
              if (begun === null) begun = now;
              const frame = {self.frame + 1} + Math.round(((now - begun) * rate) / 1000);
              told = {{ frame, ...bar.draw(frame) }};
              requestAnimationFrame(draw);
            }};
            requestAnimationFrame(draw);
        """)

    async def show(self, playlist: Any) -> None:
        await self.run(f"bar.show({json.dumps(playlist)})")

    async def step(self) -> "Picture":
        """The next frame."""
        done = await self._begin(screenshot={"format": "png", "optimizeForSpeed": True})
        return Picture(self.frame, base64.b64decode(done["screenshotData"]), await self.run("told"))

    async def to(self, frame: int) -> "Picture":
        """As a page goes on: frame by frame, and what they show is looked at in the last one."""
        while self.frame < frame - 1:
            await self._begin()
        return await self.step()

    async def _begin(self, **options: Any) -> Any:
        self.frame += 1
        interval = float(1000 / self._rate)
        self._ms += interval
        return await self._ask("HeadlessExperimental.beginFrame", frameTimeTicks=self._ms, interval=interval, **options)

    async def _ask(self, method: str, **params: Any) -> Any:
        return await self._shell.ask(method, self._session, **params)


class Picture:
    """The pixels of one frame, and what the bar said of it."""

    def __init__(self, frame: int, png: bytes, told: Any) -> None:
        self.frame = frame
        self.png = png
        self.told = told
        self.pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


@asynccontextmanager
async def shell() -> AsyncIterator[Shell]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        command = [executable(), *ARGUMENTS, *sandbox, f"--user-data-dir={folder}"]
        said = Path(folder) / "said"
        # A group of its own: what is on the PATH may be a script that starts the shell. It speaks to a file, and not to
        # a pipe, whose end would be waited for while a child of its children still holds it.
        with said.open("wb") as out:
            process = await asyncio.create_subprocess_exec(*command, stderr=out, start_new_session=True)
        try:
            async with websockets.connect(await _address(said), max_size=None) as socket:
                shell = Shell(socket)
                listening = asyncio.create_task(shell.listen())
                yield shell
                listening.cancel()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _address(said: Path) -> str:
    found = await eventually(lambda: re.search(r"ws://\S+(?=\n)", said.read_text()), said.read_text)
    return str(found[0])


def items(lang: str, *numbers: int, **fields: Any) -> list[Any]:
    direction = {"ar": "rtl"}.get(lang, "ltr")
    words = {"lang": lang, "dir": direction, "version": 1, "urgency": "routine", **fields}
    return [{"id": f"i{n}", "text": WORDS[lang][n], "kicker": "24" if n == 1 else "", **words} for n in numbers]


def playlist(lang: str, frame: int, rate: Fraction, shown: list[Any], **fields: Any) -> Any:
    return {
        "id": f"at-{frame}", "type": "playlist", "kind": "program", "on": True, "stop": None, "mode": "crawl",
        "fps": [rate.numerator, rate.denominator], "speed": SPEED, "flip": 40, "lang": lang,
        "dir": {"ar": "rtl"}.get(lang, "ltr"), "frame": frame, "items": shown, "first": None, "leaving": [],
        "order": [item["id"] for item in shown], "takeovers": [], "lead_in": [], "lead_out": [], "fallback": ["Home"],
        "look": LOOK.model_dump(exclude={"font", "logo"}), "anchor": None, **fields,
    }  # fmt: skip
