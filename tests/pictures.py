"""The pictures of the widget in docs/widget, taken of the real thing: scripts/pictures."""

import asyncio
import base64
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from tests.api import Api, fresh_key
from tests.chromium import browser
from tests.hosts import Host, hosting
from tests.servers import ROOT, Process, RedisServer, Web, binaries, eventually, running

FOLDER = ROOT / "docs" / "widget"
SITE = "https://news.example.org"
CHANNELS = "".join(
    f"[channels.{name}.most_read]\nhosts = ['news.example.org']\nleast_reads = 1\nsettle_seconds = 0\n"
    for name in ("en", "ar", "es")
)
LANGUAGES = {"en": ("Latest", "World"), "ar": ("الأخبار", "العالم"), "es": ("Noticias", "Mundo")}
# The first is published first, and so stands last.
BOARDS: dict[str, list[dict[str, Any]]] = {
    "en": [
        {"text": "Storm reaches the coast as thousands leave their homes"},
        {"text": "Parliament votes for the budget after a night of talks", "urgency": "urgent"},
        {"text": "Rail workers end their strike"},
        {"text": "WHO publishes its report for 2026", "kicker": "Health"},
        {"text": "Central bank leaves rates where they are"},
        {"text": "A new comet can be seen with the naked eye this week"},
    ],
    "ar": [
        {"text": "العاصفة تبلغ الساحل وآلاف السكان يغادرون منازلهم"},
        {"text": "البرلمان يقر الموازنة بعد ليلة من المحادثات", "urgency": "urgent"},
        {"text": "عمال السكك الحديدية ينهون إضرابهم"},
        {"text": "خروج البطل من الدور الأول"},
        {"text": "منظمة WHO تنشر تقريرها لعام 2026"},
    ],
    "es": [
        {"text": "La tormenta llega a la costa y miles de personas dejan sus casas"},
        {"text": "El Parlamento aprueba el presupuesto", "urgency": "urgent"},
        {"text": "Los ferroviarios ponen fin a su huelga"},
        {"text": "El campeón, eliminado en la primera ronda"},
    ],
}
FLASHES = {
    "ar": "زلزال يضرب العاصمة",
    "es": "Un terremoto sacude la capital",
}


def strip(channel: str, **attributes: str) -> str:
    told = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<news-ticker channel="{channel}" lang="{channel}" label="{LANGUAGES[channel][0]}"{told}></news-ticker><p></p>'
    )


STRIPS = "".join(strip(channel, mode=mode) for channel in LANGUAGES for mode in ("crawl", "flip"))
LISTS = "".join(strip(channel) for channel in LANGUAGES)


class Studio:
    """A service with something on its boards, somebody's site before it, and a browser."""

    def __init__(self, chromium: Browser, host: Host, desks: dict[str, Api]) -> None:
        self.chromium, self.host, self.desks = chromium, host, desks

    @asynccontextmanager
    async def page(
        self, body: str, width: int, height: int, scheme: str, motion: str = "no-preference"
    ) -> AsyncIterator[Page]:
        self.host.body = body
        options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": motion}
        context = await self.chromium.new_context(viewport={"width": width, "height": height}, **options)
        page = self.host.watch(await context.new_page())
        await page.goto(self.host.url)
        await page.wait_for_function(
            "() => [...document.querySelectorAll('news-ticker')].every(({ state }) => state === 'live') && "
            "[...document.querySelectorAll('most-read, read-next')].every((one) => one.shadowRoot.querySelector('a'))"
        )
        await page.evaluate("document.fonts.ready")
        try:
            yield page
        finally:
            await context.close()

    async def take(self, body: str, width: int, height: int, scheme: str, motion: str = "no-preference") -> bytes:
        async with self.page(body, width, height, scheme, motion) as page:
            await page.wait_for_timeout(4000)  # a crawl has come some way by then
            return await page.screenshot()

    async def save(self, name: str, *pictures: bytes) -> None:
        """Side by side."""
        page = await self.chromium.new_page(viewport={"width": 4000, "height": 2000})
        images = "".join(f'<img src="data:image/png;base64,{base64.b64encode(one).decode()}">' for one in pictures)
        await page.set_content(f'<div style="display:inline-flex;gap:20px;background:gray">{images}</div>')
        await page.locator("div").screenshot(path=FOLDER / f"{name}.png")
        await page.close()
        sys.stdout.write(f"{(FOLDER / name).relative_to(ROOT)}.png\n")


@asynccontextmanager
async def studio() -> AsyncIterator[Studio]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "ticker.toml").write_text(CHANNELS)
        redis = RedisServer(next(iter(binaries().values())), path / "redis").start()
        try:
            web = Web(redis.url, path, TICKER_CONFIG=str(path / "ticker.toml"))
            scheduler = Process("ticker", "scheduler", env=web.env, log=path / "scheduler.log")
            async with (
                running(web, scheduler),
                aiohttp.ClientSession() as http,
                browser() as chromium,
                hosting(web) as host,
            ):
                for name in ("most-read", "read-next"):
                    host.head += f'<script type="module" src="{web.url}/widget/1/{name}.js"></script>'
                key = await fresh_key(web, "pictures", "admin")
                desks = {channel: Api(http, web.url, key, channel) for channel in LANGUAGES}
                yield Studio(chromium, host, desks)
        finally:
            redis.stop()


async def fill(desks: dict[str, Api]) -> None:
    """Headlines, and the stories behind them; a story is read the more, the older it is."""
    now = datetime.now(UTC).isoformat()
    for channel, desk in desks.items():
        for number, headline in enumerate(BOARDS[channel]):
            link = f"{SITE}/{channel}/{number}"
            await desk.publish(link=link, **headline)
            story = {"title": headline["text"], "link": link, "section": LANGUAGES[channel][1], "published_at": now}
            assert (await desk("POST", "stories", story)).status in {200, 201}
            for reader in range(20 - 2 * number):
                await desk.read(link, reader)

        async def ranked(desk: Api = desk, count: int = len(BOARDS[channel])) -> bool:
            return len((await desk.get("most-read?window=24h")).json["stories"]) == count

        await eventually(ranked, f"{channel} is ranked")


async def flash(here: Studio) -> bytes:
    """English is paused and has the focus, the others show a flash."""
    body = "".join(strip(channel) for channel in LANGUAGES)
    async with here.page(body, 1280, 320, "dark") as page:
        english = page.locator("news-ticker[channel=en]")
        await english.locator(".pause").press("Enter")  # by keyboard: then the focus is shown
        await english.get_by_role("link").nth(1).focus()
        await here.desks["en"].publish("Ferries stay in harbour")
        await english.locator(".count").get_by_text("1 new").wait_for()
        for channel, text in FLASHES.items():
            await here.desks[channel].publish(text, urgency="flash")
            await page.locator(f"news-ticker[channel={channel}] .strap").get_by_text(text).wait_for()
        await page.wait_for_timeout(500)
        return await page.screenshot()


async def main() -> None:
    async with studio() as here:
        await fill(here.desks)
        await here.save("strips", await here.take(STRIPS, 1280, 600, "light"))
        await here.save("lists", await here.take(LISTS, 1280, 760, "dark", "reduce"))
        narrow = await here.take(STRIPS, 390, 820, "dark"), await here.take(LISTS, 390, 820, "light", "reduce")
        await here.save("narrow", *narrow)
        story = (await here.desks["ar"].get("most-read?window=24h")).json["stories"][0]["id"]
        read_next = f'<read-next channel="ar" lang="ar" story="{story}" limit="3"></read-next>'
        stories = f'<most-read channel="en" window="24h" limit="5"></most-read>{read_next}'
        await here.save(
            "stories", await here.take(stories, 640, 900, "light"), await here.take(stories, 390, 900, "dark")
        )
        await here.save("flash", await flash(here))


if __name__ == "__main__":
    asyncio.run(main())
