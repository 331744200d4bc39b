"""An output's page in a real browser, as a graphics host opens it, and what can be seen of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from tests.servers import eventually

FRAMES_BETWEEN = 5
# The texts of which at least a pixel is on the screen, in the order of the document.
SEEN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.parentElement || text.parentElement.closest("script, style")) continue;
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const style = getComputedStyle(text.parentElement);
    const inside = box.width && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
    if (inside && style.visibility === "visible" && text.data.trim()) found.push(text.data);
  }
  return found;
}"""
# What the bar has in it, also beside the screen.
HELD = "() => [...document.querySelectorAll('.onair')].map((bar) => bar.textContent).join('\\n')"
# Counts frames: all, and the most in a row in which no text could be seen.
WATCH = """() => {
  const seen = SEEN;
  window.watched = { frames: 0, blank: 0, longest: 0 };
  const look = () => {
    watched.frames += 1;
    watched.blank = seen().length ? 0 : watched.blank + 1;
    watched.longest = Math.max(watched.longest, watched.blank);
    requestAnimationFrame(look);
  };
  look();
}""".replace("SEEN", SEEN)
# As hosts do it that know nothing of a browser's own: in CasparCG the object is there before any script.
CASPAR = "window.caspar = window.casparcg = {}; window.remove = () => { window.removed = true; };"


class Renderer:
    """`faults` is what was thrown, or said to a console that nobody reads on air."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def open(self, address: str) -> "Renderer":
        await self.page.goto(address)
        return self

    async def seen(self) -> list[str]:
        found: list[str] = await self.page.evaluate(SEEN)
        return found

    async def text(self) -> str:
        return "\n".join(await self.seen())

    async def shows(self, *texts: str) -> None:
        """Until each of them can be seen, one after the other: a crawl may be longer than its screen."""
        for text in texts:
            await eventually(lambda text=text: self._has(text), f"{text[:60]!r} is on the screen")

    async def shows_no(self, text: str) -> None:
        async def gone() -> bool:
            return text not in await self.page.evaluate(HELD)

        await eventually(gone, f"{text[:60]!r} has left the bar")

    async def _has(self, text: str) -> bool:
        return text in await self.text()

    async def watch(self) -> None:
        """From now on: whether it is ever blank."""
        await self.page.evaluate(WATCH)

    async def never_blank(self) -> None:
        """Since `watch()`. One headline alone leaves before it enters again: some frames may lie between."""

        async def enough() -> Any:
            watched = await self.page.evaluate("window.watched")
            return watched if watched["frames"] > FRAMES_BETWEEN else None

        watched = await eventually(enough, "so many frames were drawn that it could have been blank for too long")
        assert watched["longest"] <= FRAMES_BETWEEN, watched

    async def call(self, script: str) -> Any:
        return await self.page.evaluate(script)


@asynccontextmanager
async def rendering(
    chromium: Browser, address: str = "", *, before: str = "", **options: Any
) -> AsyncIterator[Renderer]:
    """A page of its own, with a storage of its own; `before` runs before any script of a document."""
    context = await chromium.new_context(viewport={"width": 1920, "height": 1080}, **options)
    try:
        if before:
            await context.add_init_script(before)
        renderer = Renderer(await context.new_page())
        if address:
            await renderer.open(address)
        yield renderer
        assert not renderer.faults
    finally:
        await context.close()


async def downloaded(http: aiohttp.ClientSession, address: str, folder: Path) -> str:
    """The document as a file on disk: its address there."""
    async with http.get(address) as answer:
        assert answer.status == 200
        path = folder / "output.html"
        path.write_bytes(await answer.read())
    return path.as_uri()
