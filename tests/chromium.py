"""A real Chromium for tests: the one that is installed on this machine."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise RuntimeError(
        f"No browser is on the PATH ({', '.join(NAMES)}); install one, for example with: apt install chromium"
    )


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Headless; without the sandbox only for root, who cannot have one."""
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield chromium
        finally:
            await chromium.close()


async def types(page: Page, key: str, code: str, *, shift: bool = False) -> None:
    """By a keyboard that has this character in that place."""
    session = await page.context.new_cdp_session(page)
    for kind in ("keyDown", "keyUp"):
        event = {"type": kind, "key": key, "code": code, "modifiers": 8 if shift else 0}
        await session.send("Input.dispatchKeyEvent", event)
    await session.detach()
