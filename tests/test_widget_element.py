"""<news-ticker> in a real browser, on another site's page with a strict policy, against the real service."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.api import Api, eventually_gone, eventually_shown, fresh_key, serving
from tests.fonts import bold_path
from tests.hosts import Host, hosting
from tests.servers import ROOT, RedisServer, Web, eventually
from ticker.keys import Keys
from ticker.store import connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SHADOW = "document.querySelector('news-ticker').shadowRoot"
LANGUAGES = {
    "en": ("Live", "Correction: ", "Withdrawn: ", "Flash: ", "Storm reaches the coast"),
    "ar": ("مباشر", "تصحيح: ", "سُحب: ", "عاجل: ", "العاصفة تبلغ الساحل"),
    "es": ("En directo", "Corrección: ", "Retirado: ", "Última hora: ", "La tormenta llega a la costa"),
}


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("widget")
    config = folder / "widget.toml"
    config.write_text("[channels.en]\n[channels.ar]\n[channels.es]\n[channels.drill]\nrehearsal = true\n")
    with serving(redis_server, folder, TICKER_CONFIG=str(config), TICKER_HEARTBEAT_SECONDS="1") as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module")
async def host(web: Web) -> AsyncIterator[Host]:
    async with hosting(web) as host:
        yield host


class Desk:
    """An editor of each channel, who waits until readers have what was published, and tidies up afterwards."""

    def __init__(self, apis: dict[str, Api]) -> None:
        self.apis = apis

    async def publish(self, text: str, channel: str = "en", **fields: Any) -> Any:
        return await eventually_shown(self.apis[channel], await self.apis[channel].publish(text, **fields))

    async def kill(self, headline: Any, note: str | None = None) -> None:
        body = {"reason": "test", **({"note": note} if note else {})}
        assert (await self.apis[headline["channel"]].act(headline, "retract", body)).status == 200

    async def correct(self, headline: Any, text: str, note: str) -> None:
        assert (await self.apis[headline["channel"]].edit(headline, text=text, correction=note)).status == 200

    async def clear(self) -> None:
        for api in self.apis.values():
            for headline in (await api.board()).values():
                await api.act(headline, "hold")
                await eventually_gone(api, headline)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(web: Web) -> AsyncIterator[Desk]:
    key = await fresh_key(web, "editor", "admin")
    async with aiohttp.ClientSession() as http:
        desk = Desk({channel: Api(http, web.url, key, channel) for channel in ("en", "ar", "es")})
        yield desk
        await desk.clear()


@pytest_asyncio.fixture(loop_scope="module")
async def visits(chromium: Browser, host: Host) -> AsyncIterator[Any]:
    """visit(body, **context) → a page of the host with that in it."""
    async with AsyncExitStack() as stack:

        async def visit(
            body: str = '<news-ticker channel="en"></news-ticker>', path: str = "/", **options: Any
        ) -> Page:
            host.body = body
            context = await chromium.new_context(viewport={"width": 1280, "height": 800}, **options)
            stack.push_async_callback(context.close)
            page = host.watch(await context.new_page())
            await page.goto(host.url + path)
            return page

        yield visit


async def live(page: Page) -> Page:
    await page.wait_for_selector("news-ticker section[data-state=live]")
    return page


async def shows(page: Page, *texts: str) -> None:
    """Wait until the rows, which is what is read aloud and tabbed through, are these."""
    await page.wait_for_function(
        f"(texts) => JSON.stringify([...{SHADOW}.querySelectorAll('.row .words')].slice(-texts.length)"
        f".map((words) => words.textContent)) === JSON.stringify(texts) && "
        f"{SHADOW}.querySelectorAll('.rows .row').length === texts.length".replace("'.row .words'", "'.rows .words'"),
        arg=list(texts),
    )


# --- what stands on it ------------------------------------------------------------------------------------------------


async def test_a_rehearsal_says_that_it_is_one(visits: Any, web: Web) -> None:
    async with aiohttp.ClientSession() as http, connect(web.env["TICKER_REDIS_URL"]) as redis:
        key = await Keys(redis).create("Drill", ["admin"], rehearsal=True)
        await Api(http, web.url, key, "drill").publish("The dam has broken", rehearsal=True)
    for mode in ("crawl", "list"):
        page = await visits(f'<news-ticker channel="drill" mode="{mode}"></news-ticker>')
        await shows(page, "The dam has broken")
        said = f"() => {SHADOW}.querySelector('.rows .row').textContent.includes('REHEARSAL')"
        await page.wait_for_function(said)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_speaks_the_language_of_its_channel(visits: Any, desk: Desk, language: str) -> None:
    word, correction, withdrawn, flash, text = LANGUAGES[language]
    first = await desk.publish(text, language)
    page = await live(await visits(f'<news-ticker channel="{language}"></news-ticker>'))
    await shows(page, text)
    assert await page.locator("news-ticker .state").text_content() == word
    assert await page.locator("news-ticker section").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    assert await page.locator("news-ticker section").get_attribute("lang") == language
    await desk.correct(first, text + " 2", "…")
    await page.wait_for_selector(f"news-ticker [role=log] >> text={correction}{text} 2", state="attached")
    sounded = await desk.publish(text + " 9", language, urgency="flash")
    await page.wait_for_selector(f"news-ticker [role=alert] >> text={flash}{text} 9", state="attached")
    await page.wait_for_selector("news-ticker .strap .words")
    await desk.kill(sounded, "note")
    await page.wait_for_selector("news-ticker .strap", state="hidden")
    await page.wait_for_function(f"(word) => {SHADOW}.querySelector('[role=log]').textContent.includes(word)",
                                 arg=f"{withdrawn}note")  # fmt: skip


async def test_digits_are_those_of_the_language_asked_for(visits: Any, desk: Desk) -> None:
    await desk.publish("خبر", "ar")
    page = await live(await visits('<news-ticker channel="ar" lang="ar-u-nu-arab" mode="flip"></news-ticker>'))
    time = await page.locator("news-ticker .rows time").first.text_content()
    assert time
    assert set(time) & set("٠١٢٣٤٥٦٧٨٩")
    assert not set(time) & set("0123456789")


@pytest.mark.parametrize("lang", ["en_US", "none at all"])
async def test_a_language_may_be_written_wrong(visits: Any, desk: Desk, lang: str) -> None:
    await desk.publish("Read all the same")
    page = await live(await visits(f'<news-ticker channel="en" lang="{lang}"></news-ticker>'))
    await shows(page, "Read all the same")
    assert await page.locator("news-ticker section").get_attribute("lang") == ("en-US" if lang == "en_US" else "en")
    assert await page.locator("news-ticker .state").text_content() == "Live"


async def test_text_is_never_markup(visits: Any, desk: Desk) -> None:
    text = "<img src=x onerror=alert(1)> & <b>bold</b>"
    await desk.publish(text, kicker="<i>k</i>")
    page = await live(await visits())
    await shows(page, text)
    assert await page.locator("news-ticker :is(img, i, b:not(.urgency))").count() == 0


async def test_none_one_and_many(visits: Any, desk: Desk) -> None:
    page = await live(await visits())
    assert await page.locator("news-ticker .quiet").text_content() == "No headlines right now"
    await desk.publish("Only one")
    await page.wait_for_selector("news-ticker .track >> text=Only one")
    assert await page.locator("news-ticker .quiet").text_content() == ""
    assert await page.locator("news-ticker .track li").count() <= 2
    for n in range(60):
        await desk.publish(f"Headline number {n}")
    await page.wait_for_function(f"() => {SHADOW}.querySelectorAll('.rows li').length === 61")
    overlap = await page.evaluate(f"""() => {{
        const boxes = [...{SHADOW}.querySelectorAll('.track li')].map((li) => li.getBoundingClientRect());
        boxes.sort((a, b) => a.left - b.left);
        return Math.max(...boxes.slice(1).map((box, n) => boxes[n].right - box.left));
    }}""")
    assert overlap < 0.5
    assert await page.locator("news-ticker .track li").count() < 20


# --- pause, stop, hide ------------------------------------------------------------------------------------------------


async def test_pausing_by_keyboard_holds_back_what_is_new_but_no_kill(visits: Any, desk: Desk) -> None:
    a, _ = await desk.publish("False news"), await desk.publish("B")
    page = await live(await visits())
    await shows(page, "B", "False news")
    button = page.get_by_role("button", name="Pause")
    await button.focus()
    await page.keyboard.press("Space")
    assert await button.get_attribute("aria-pressed") == "true"
    await desk.publish("C")
    await page.wait_for_selector("news-ticker .count >> text=1 new")
    await desk.kill(a)
    await shows(page, "B")
    crawl = f"{SHADOW}.querySelector('.track').getAnimations()[0]"
    still = f"() => {crawl}.ready.then((crawl) => [crawl.playState, crawl.currentTime])"
    assert await page.evaluate(still) == await page.evaluate(still)
    assert (await page.evaluate(still))[0] == "paused"
    await page.keyboard.press("Enter")
    await shows(page, "C", "B")
    assert (await page.evaluate(still))[0] == "running"
    assert await page.locator("news-ticker .count").text_content() == ""


async def test_one_at_a_time_there_is_always_one(visits: Any, desk: Desk) -> None:
    await desk.publish("A")
    wrong = await desk.publish("Wrong while it is seen")
    page = await visits('<news-ticker channel="en" mode="flip"></news-ticker>')
    await page.wait_for_selector("news-ticker .on >> text=Wrong while it is seen")
    await page.evaluate("() => document.querySelector('news-ticker').pause()")
    await desk.kill(wrong)
    await page.wait_for_selector("news-ticker .on >> text=A")
    await page.context.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")
    await page.reload()  # now it is a tab that nobody has looked at yet
    await page.wait_for_selector("news-ticker .on >> text=A")


async def test_hiding_by_pointer_and_back(visits: Any, desk: Desk) -> None:
    await desk.publish("A")
    page = await live(await visits())
    button = page.get_by_role("button", name="Hide")
    await button.click()
    assert await page.locator("news-ticker .stage").is_hidden()
    assert await button.get_attribute("aria-pressed") == "true"
    await button.click()
    assert await page.locator("news-ticker .stage").is_visible()


async def test_reduced_motion_has_a_list_of_the_same_and_nothing_moves(visits: Any, desk: Desk) -> None:
    await desk.publish("A")
    await desk.publish("B")
    page = await live(await visits(reduced_motion="reduce"))
    await shows(page, "B", "A")
    assert await page.locator("news-ticker .rows >> text=A").is_visible()
    assert await page.evaluate("document.getAnimations().length") == 0
    await page.emulate_media(reduced_motion="no-preference")
    await page.wait_for_selector("news-ticker .track >> text=A")
    await page.emulate_media(reduced_motion="reduce")
    await page.wait_for_function(f"() => {SHADOW}.querySelectorAll('.track li').length === 0")


# --- for everyone -----------------------------------------------------------------------------------------------------


async def test_each_headline_is_read_once_and_focused_once(visits: Any, desk: Desk) -> None:
    for n in range(3):
        await desk.publish(f"Headline {n}", link=f"https://news.example/{n}")
    page = await live(await visits('<news-ticker channel="en" speed="400"></news-ticker>'))
    await shows(page, "Headline 2", "Headline 1", "Headline 0")
    await page.wait_for_function(f"() => {SHADOW}.querySelectorAll('.track li').length > 3")  # there are copies now
    session = await page.context.new_cdp_session(page)
    tree = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    links = [node["name"]["value"] for node in tree if node.get("role", {}).get("value") == "link"]
    assert links == ["Headline 2", "Headline 1", "Headline 0"]
    focused = []
    for _ in range(6):
        await page.keyboard.press("Tab")
        focused.append(await page.evaluate(f"() => ({SHADOW}.activeElement || document.body).textContent"))
        seen = page.locator("news-ticker .rows .on")
        if focused[-1].startswith("Headline"):
            assert await seen.text_content() == await page.evaluate(
                f"() => {SHADOW}.activeElement.closest('li').textContent"
            )
            assert (
                await page.evaluate(f"() => {SHADOW}.querySelector('.track').getAnimations()[0].playState") == "paused"
            )
    assert [text for text in focused if text.startswith("Headline")] == ["Headline 2", "Headline 1", "Headline 0"]
    await page.evaluate(f"() => {SHADOW}.querySelector('.rows a').focus()")
    await page.evaluate("() => document.querySelector('news-ticker').pause()")
    assert await page.locator("news-ticker .rows .on").text_content() == await page.evaluate(
        f"() => {SHADOW}.activeElement.closest('li').textContent"
    )


async def test_a_headline_with_the_focus_stays_in_sight_and_the_crawl_goes_on_after_it(visits: Any, desk: Desk) -> None:
    wrong = await desk.publish("Wrong in focus", link="https://news.example/a")
    page = await live(await visits())
    await shows(page, "Wrong in focus")
    # Some browsers say nothing when what has the focus is removed.
    await page.evaluate("() => addEventListener('focusout', (event) => event.stopImmediatePropagation(), true)")
    await page.evaluate(f"() => {SHADOW}.querySelector('.rows a').focus()")
    await desk.publish("B")
    await shows(page, "B", "Wrong in focus")
    seen = f"() => getComputedStyle({SHADOW}.activeElement.closest('li')).opacity === '1'"
    await page.wait_for_function(seen)
    await desk.kill(wrong)
    await shows(page, "B")
    await page.wait_for_function(f"() => {SHADOW}.querySelector('.track').getAnimations()[0].playState === 'running'")


async def test_the_strip_is_not_live_and_the_log_says_each_once(visits: Any, desk: Desk) -> None:
    page = await live(await visits())
    assert await page.evaluate(f"""() => [...{SHADOW}.querySelectorAll('[role], [aria-live]')]
        .map((one) => [one.getAttribute('role'), one.ariaLive, one.closest('.stage') !== null])""") == [
        ["log", "polite", False], ["alert", "assertive", False],
    ]  # fmt: skip
    await page.evaluate(f"""() => {{
        window.said = [];
        new MutationObserver((changes) => changes.forEach(({{ addedNodes }}) =>
            addedNodes.forEach((node) => said.push(node.textContent)))).observe(
            {SHADOW}.querySelector('[role=log]'), {{ childList: true, subtree: true }});
    }}""")
    # What is gathered for half a second waits for all four.
    await page.evaluate("""() => {
        const later = window.setTimeout;
        window.setTimeout = (act, ms, ...given) => ms === 500 ? void (window.speak = act) : later(act, ms, ...given);
    }""")
    await asyncio.gather(*(desk.publish(f"Routine {n}") for n in range(4)))
    await page.wait_for_function(f"() => {SHADOW}.querySelectorAll('.rows .row').length === 4")
    assert await page.evaluate("said") == []
    await page.evaluate("speak()")
    await page.wait_for_function("() => said.length > 0")
    assert await page.evaluate("said") == ["4 new headlines"]
    flash = await desk.publish("Flash now", urgency="flash")
    await page.wait_for_selector("news-ticker [role=alert] >> text=Flash: Flash now", state="attached")
    assert await page.evaluate("said") == ["4 new headlines"]
    await desk.kill(flash)  # a killed flash is not found by ear either
    await page.wait_for_selector("news-ticker [role=alert] >> text=Flash now", state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(visits: Any, desk: Desk, scheme: Any, width: int, tmp_path: Path) -> None:
    for language, (*_, text) in LANGUAGES.items():
        first = await desk.publish(text, language, link="https://news.example/1", urgency="urgent")
        await desk.correct(first, text + ".", text)
    body = "".join(
        f'<news-ticker channel="{language}" mode="{mode}" label="{language} {mode}"></news-ticker>'
        for language in LANGUAGES
        for mode in ("crawl", "flip", "list")
    )
    page = await visits(body, color_scheme=scheme, bypass_csp=True)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.wait_for_function(
        "() => [...document.querySelectorAll('news-ticker')].every((one) => one.state === 'live')"
    )
    await page.add_script_tag(path=AXE)
    for language, (*_, text) in LANGUAGES.items():
        await desk.publish(text, language, urgency="flash", kicker=text)
    await page.wait_for_function("""() => [...document.querySelectorAll("news-ticker")]
        .every((one) => one.shadowRoot.querySelector(".strap .kicker"))""")
    for paused in (False, True):
        await page.evaluate(
            "(paused) => document.querySelectorAll('news-ticker').forEach((one) => one.pause(paused))", paused
        )
        found = await page.evaluate("axe.run()")
        faults = [
            (fault["id"], node["html"], node["failureSummary"])
            for fault in found["violations"]
            for node in fault["nodes"]
        ]
        assert faults == []
        assert len(found["passes"]) > 10


async def test_a_strap_is_nothing_until_a_flash_and_goes_when_told(visits: Any, desk: Desk) -> None:
    await desk.publish("Routine")
    strap = '<news-ticker channel="en" mode="strap"></news-ticker>'
    page = await live(await visits(strap))
    bar = page.locator("news-ticker .strap")
    assert await bar.is_hidden()
    assert await page.evaluate("document.querySelector('news-ticker').getBoundingClientRect().height") == 0
    await desk.publish("The dam has broken", urgency="flash")
    await page.wait_for_selector("news-ticker .strap >> text=The dam has broken")
    other = await live(await visits(strap))  # another page of the site, a little later
    await other.wait_for_selector("news-ticker .strap >> text=The dam has broken")
    await page.get_by_role("button", name="Hide").click()
    assert await bar.is_hidden()


async def test_a_bar_goes_when_its_headline_is_no_flash_any_more(visits: Any, desk: Desk) -> None:
    flash = await desk.publish("The dam has broken", urgency="flash")
    page = await live(await visits('<news-ticker channel="en" mode="strap"></news-ticker>'))
    await page.wait_for_selector("news-ticker .strap >> text=The dam has broken")
    assert (await desk.apis["en"].edit(flash, urgency="urgent")).status == 200
    await page.wait_for_selector("news-ticker .strap", state="hidden")


async def test_a_flash_that_a_pause_holds_back_covers_nothing(visits: Any, desk: Desk) -> None:
    page = await live(await visits())
    await page.evaluate("() => document.querySelector('news-ticker').pause()")
    await desk.publish("The dam has broken", urgency="flash")
    await page.wait_for_selector("news-ticker [role=alert] >> text=The dam has broken", state="attached")
    assert await page.locator("news-ticker .count").text_content() == "1 new"
    assert await page.locator("news-ticker[sounding]").count() == 0


LONG = {
    "en": "Earthquake of magnitude 7.8 strikes the capital; hundreds are feared dead and the airport is closed, "
    "the government declares a state of emergency in all provinces",
    "ar": "زلزال بقوة 7.8 درجات يضرب العاصمة ومخاوف من سقوط مئات القتلى وإغلاق المطار الدولي الرئيسي "
    "والحكومة تعلن حالة الطوارئ في جميع المحافظات حتى إشعار آخر من السلطات",
}


@pytest.mark.parametrize("language", LONG)
@pytest.mark.parametrize("mode", ["crawl", "strap"])
async def test_a_long_flash_can_be_read_whole_on_a_phone(visits: Any, desk: Desk, language: str, mode: str) -> None:
    page = await live(await visits(f'<news-ticker channel="{language}" mode="{mode}"></news-ticker>'))
    await page.set_viewport_size({"width": 390, "height": 800})
    for length in (90, 160):
        text = LONG[language][:length].strip()
        await desk.publish(text, language, urgency="flash")
        await page.wait_for_function(f"(text) => {SHADOW}.querySelector('.strap').textContent.endsWith(text)", arg=text)
        first, last, moved = await page.evaluate(f"""() => {{
            const strap = {SHADOW}.querySelector(".strap");
            const words = document.createRange();
            words.selectNodeContents(strap.querySelector(".words"));
            const [box, first] = [strap, words].map((one) => one.getBoundingClientRect());
            strap.scrollTop = 1000;
            return [first.top - box.top, box.bottom - words.getBoundingClientRect().bottom, strap.scrollTop];
        }}""")
        assert min(first, last) > -2  # letters stand a little out of a line as narrow as these
        assert length == 160 or moved == 0
        await desk.clear()
        await page.wait_for_selector("news-ticker .strap", state="hidden")


async def test_a_corrected_flash_keeps_nothing_of_what_was_wrong(visits: Any, desk: Desk) -> None:
    flash = await desk.publish("12 dead in the flood", urgency="flash")
    page = await live(await visits('<news-ticker channel="en" mode="strap"></news-ticker>'))
    await page.wait_for_selector("news-ticker .strap >> text=12 dead")
    bar = f"(text) => {SHADOW}.querySelector('.strap .words').textContent === text"
    await desk.correct(flash, "2 dead in the flood", "The number was wrong")
    await page.wait_for_function(bar, arg="2 dead in the flood")
    await page.wait_for_function(f"() => {SHADOW}.querySelector('[role=alert]').textContent === ''")
    await page.evaluate("() => document.querySelector('news-ticker').pause()")
    [shown] = (await desk.apis["en"].board()).values()
    await desk.correct(shown, "1 dead in the flood", "The number was wrong again")
    await page.wait_for_function(bar, arg="1 dead in the flood")


async def test_a_flash_that_was_corrected_leaves_the_bar_at_its_time(visits: Any, desk: Desk) -> None:
    page = await live(await visits())
    await page.evaluate("""() => {
        const [later, never] = [setTimeout, clearTimeout];
        window.setTimeout = (act, ms, ...more) => {
            const id = later(act, ms, ...more);
            if (ms === 12000) window.ebb = { act, id };
            return id;
        };
        window.clearTimeout = (id) => {
            if (window.ebb?.id === id) window.ebb = null;
            never(id);
        };
    }""")
    flash = await desk.publish("12 dead in the flood", urgency="flash")
    await page.wait_for_selector("news-ticker .strap >> text=12 dead")
    await desk.correct(flash, "2 dead in the flood", "The number was wrong")
    await page.wait_for_function(f"() => {SHADOW}.querySelector('.strap .words').textContent.startsWith('2')")
    await page.evaluate("() => ebb.act()")
    await page.wait_for_selector("news-ticker .strap", state="hidden")


async def test_a_strap_says_in_its_language_what_stood_there_before(visits: Any, desk: Desk) -> None:
    flash = await desk.publish("زلزال يضرب العاصمة", "ar", urgency="flash")
    page = await live(await visits('<news-ticker channel="ar" mode="strap"></news-ticker>'))
    await page.wait_for_selector("news-ticker .strap >> text=عاجل")
    assert await page.locator("news-ticker [role=alert]").text_content() == "عاجل: زلزال يضرب العاصمة"
    await desk.kill(flash)
    await page.wait_for_selector("news-ticker .strap", state="hidden")


# --- smooth and calm --------------------------------------------------------------------------------------------------


async def test_a_kill_covers_at_once_and_nothing_else_moves(visits: Any, desk: Desk) -> None:
    headlines = [await desk.publish(f"Headline number {n}") for n in range(6)]
    page = await live(await visits())
    await page.wait_for_selector("news-ticker .track >> text=Headline number 4")
    await page.evaluate(f"() => {SHADOW}.querySelector('.track').getAnimations()[0].pause()")  # no item leaves now
    places = f"() => [...{SHADOW}.querySelectorAll('.track li')].slice(0, 3).map((li) => li.style.insetInlineStart)"
    before = await page.evaluate(places)
    await desk.kill(headlines[4])
    await page.wait_for_function(f"() => !{SHADOW}.textContent.includes('number 4')")
    assert await page.locator("news-ticker .track .gone").count() == 1
    assert await page.evaluate(places) == before


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_no_headline_leaves_its_line_over_twenty_inserts(visits: Any, desk: Desk, language: str) -> None:
    for n in range(5):
        await desk.publish(f"A headline to begin with, {n}", language)
    page = await live(await visits(f'<news-ticker channel="{language}"></news-ticker>'))
    await page.wait_for_selector("news-ticker .track li")
    await page.evaluate(f"""() => {{
        const root = {SHADOW};
        const sign = root.querySelector("section").dir === "rtl" ? 1 : -1;
        const first = new Map();
        Object.assign(window, {{ worst: 0, samples: 0 }});
        const look = () => {{
            const now = document.timeline.currentTime;
            for (const item of root.querySelectorAll(".track li")) {{
                const x = item.getBoundingClientRect()[sign > 0 ? "right" : "left"] - sign * 80 * now / 1000;
                if (first.has(item)) worst = Math.max(worst, Math.abs(x - first.get(item)));
                else first.set(item, x);
                samples += 1;
            }}
            requestAnimationFrame(look);
        }};
        requestAnimationFrame(look);
    }}""")
    last = None
    for n in range(20):
        new = await desk.publish(f"New one {n}, " + "longer " * (n % 5), language)
        if n % 4 == 1:
            await desk.apis[language].edit(last, text="Changed")
        if n % 4 == 3:
            await desk.kill(last)
        last = new
        await page.wait_for_selector(f"news-ticker .rows >> text=New one {n},", state="attached")
        seen = await page.evaluate("samples")
        await page.wait_for_function("(seen) => samples > seen + 40", arg=seen)
    assert await page.evaluate("worst") < 0.5


async def test_no_headline_lies_over_another_when_a_larger_font_arrives(visits: Any, desk: Desk) -> None:
    for n in range(6):
        await desk.publish(f"A headline, number {n}")
    page = await live(await visits(bypass_csp=True))
    await page.wait_for_selector("news-ticker .track li")
    await page.evaluate("() => document.querySelector('news-ticker').pause()")
    await page.context.route("**/wide.ttf", lambda route: route.fulfill(path=bold_path()))
    widths = f"[...{SHADOW}.querySelectorAll('.track li')].map((li) => li.getBoundingClientRect())"
    before = await page.evaluate(f"() => {widths}[0].width")
    await page.add_style_tag(
        content="@font-face { font-family: Wide; src: url(/wide.ttf); size-adjust: 200%; font-display: swap }"
        "news-ticker { --ticker-font: Wide, sans-serif }"
    )
    await page.wait_for_function(
        f"""(before) => {{
            const boxes = {widths}.sort((a, b) => a.left - b.left);
            const over = boxes.slice(1).map((box, n) => boxes[n].right - box.left);
            return boxes[0].width > before * 1.3 && Math.max(...over) < 0.5;
        }}""",
        arg=before,
    )


async def test_the_page_around_it_does_not_move(visits: Any, desk: Desk) -> None:
    for n in range(8):
        await desk.publish(f"Headline {n}")
    for options in ({}, {"reduced_motion": "reduce"}):
        for mode in ("crawl", "flip", "list", "strap"):
            page = await visits(f'<news-ticker channel="en" mode="{mode}"></news-ticker>', **options)
            await page.evaluate("""() => {
                window.shift = [];
                const note = ({ sources }) => shift.push(...sources.map(({ node }) => node && node.localName));
                new PerformanceObserver((list) => list.getEntries().forEach(note))
                    .observe({ type: "layout-shift", buffered: true });
            }""")
            await live(page)
            await desk.publish(f"News for {mode} {len(options)}")
            await page.wait_for_selector(f"news-ticker .rows >> text=News for {mode} {len(options)}", state="attached")
            await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            moved = await page.evaluate("shift")
            # A new one on top of a list pushes the others down: inside, where the page sees no nodes (null).
            inside = [None] * len(moved) if options or mode == "list" else []
            assert (mode, moved) == (mode, inside)


async def test_rests_when_it_cannot_be_seen(visits: Any, desk: Desk) -> None:
    await desk.publish("A")
    page = await live(await visits('<div class="tall"></div><news-ticker channel="en"></news-ticker>'))
    await page.wait_for_selector("news-ticker .track li")
    states = f"() => {SHADOW}.querySelector('.track').getAnimations().map((one) => one.playState)[0]"
    assert await page.evaluate(states) == "running"
    await page.evaluate("() => { document.querySelector('.tall').style.blockSize = '4000px'; }")
    await page.wait_for_function(f"() => ({states})() === 'paused'")
    await page.evaluate("() => document.querySelector('news-ticker').scrollIntoView()")
    await page.wait_for_function(f"() => ({states})() === 'running'")


# --- for the host page ------------------------------------------------------------------------------------------------


async def test_tells_the_page_what_happens(visits: Any, desk: Desk) -> None:
    await desk.publish("A", link="https://news.example/a")
    page = await live(await visits('<news-ticker channel="en" mode="list"></news-ticker>'))
    await shows(page, "A")
    await page.evaluate("""() => {
        window.told = [];
        for (const type of ["headline", "flash", "retracted", "click"]) addEventListener(type, (event) => {
            told.push([type, event.detail.headline.text]);
            event.preventDefault();
        });
    }""")
    flash = await desk.publish("F", urgency="flash")
    await page.wait_for_selector("news-ticker .strap .words")
    await desk.kill(flash)
    await page.wait_for_selector("news-ticker .strap", state="hidden")
    await page.click("news-ticker .rows a")
    assert await page.evaluate("told") == [["flash", "F"], ["headline", "F"], ["retracted", "F"], ["click", "A"]]
    assert page.url.endswith("/")
    assert await page.evaluate("document.querySelector('news-ticker').headlines.map(({ text }) => text)") == ["A"]


async def test_a_headline_that_passes_by_can_be_clicked(visits: Any, desk: Desk) -> None:
    await desk.publish("Click me", link="https://news.example/me")
    page = await live(await visits())
    await page.evaluate("""() => addEventListener("click", (event) => {
        event.preventDefault();
        window.clicked = event.detail?.headline?.link;
    })""")
    await page.wait_for_function(f"""() => {{
        const root = {SHADOW};
        for (const link of root.querySelectorAll(".track a")) {{
            const box = link.getBoundingClientRect();
            const ends = [box.left + 1, box.right - 1].map((x) => root.elementFromPoint(x, box.top + box.height / 2));
            if (!ends.every((seen) => seen && link.contains(seen))) continue;
            link.classList.add("whole");
            root.querySelector("button.pause, button").click();
            return true;
        }}
        return false;
    }}""")
    await page.click("news-ticker .track a.whole")
    assert await page.evaluate("clicked") == "https://news.example/me"


async def test_another_channel_is_a_matter_of_an_attribute(visits: Any, desk: Desk) -> None:
    await desk.publish("English")
    await desk.publish("Español", "es")
    page = await live(await visits())
    await shows(page, "English")
    await page.evaluate("document.querySelector('news-ticker').setAttribute('channel', 'es')")
    await shows(page, "Español")
    await page.evaluate("document.querySelector('news-ticker').remove()")
    await page.wait_for_function("() => document.querySelector('news-ticker') === null")


async def test_takes_over_what_the_page_came_with(visits: Any, desk: Desk, host: Host, web: Web) -> None:
    """With `?fragment` in its page a site has links before the script; they stay on screen in every frame."""
    for n in range(3):
        await desk.publish(f"Headline {n}", link=f"https://news.example/{n}")
    async with aiohttp.ClientSession() as http:

        async def whole() -> str:
            async with http.get(f"{web.url}/widget/en.html?fragment&mode=list") as answer:
                fragment = await answer.text()
            return fragment if "Headline 2" in fragment else ""

        fragment = await eventually(whole, "the server has heard of all three")
    plain = await visits(fragment, java_script_enabled=False)
    assert await plain.locator("news-ticker > a").all_text_contents() == ["Headline 2", "Headline 1", "Headline 0"]
    host.head = f'<script type="module" src="{web.url}/web/board.js"></script>'
    page = await visits("")
    await page.evaluate("""(fragment) => {
        window.lost = 0;
        const look = () => {
            const shown = document.querySelector("news-ticker");
            if (shown && !shown.shadowRoot.querySelector(".rows").textContent.includes("Headline 2")) lost += 1;
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
        const inert = new DOMParser();
        const ticker = document.createElement("news-ticker");
        ticker.setAttribute("channel", "en");
        ticker.setAttribute("mode", "list");
        for (const [text, id] of fragment) {
            const link = document.createElement("a");
            Object.assign(link, { textContent: text, href: "https://news.example/" });
            link.dataset.id = id;
            ticker.append(link);
        }
        document.querySelector("main").append(ticker);
    }""", [[item["text"], item["id"]] for item in (await desk.apis["en"].board()).values()])  # fmt: skip
    await live(page)
    assert await page.evaluate("lost") == 0
    assert await page.locator("news-ticker .rows .new").count() == 0


async def test_a_frame_shows_the_same(visits: Any, desk: Desk, web: Web) -> None:
    await desk.publish("In a frame")
    page = await visits(
        f'<iframe src="{web.url}/widget/en.html?mode=list&theme=dark" width="600" height="320"></iframe>'
    )
    frame = page.frame_locator("iframe")
    await frame.locator("news-ticker section[data-state=live]").wait_for()
    await frame.locator("news-ticker .rows >> text=In a frame").wait_for()


async def test_the_checker_says_what_is_blocked(visits: Any, web: Web, host: Host) -> None:
    page = await live(await visits())
    ask = "async (url) => (await (await import(url + '/widget/1/check.js')).check()).filter(({ ok }) => !ok)"

    async def nothing() -> bool:
        return await page.evaluate(ask, web.url) == []

    await eventually(nothing, "nothing is found blocked")
    host.policy = f"default-src 'none'; script-src {web.url}; style-src 'self' {web.url}; connect-src 'self'"
    page = await visits()
    found = await page.evaluate(ask, web.url)
    assert {one["name"] for one in found} >= {"channel", "websocket", "events", "poll"}
    assert all("connect-src" in one["advice"] for one in found if one["name"] in ("channel", "websocket"))


async def test_compose_gives_a_line_that_works(visits: Any, web: Web, desk: Desk, host: Host) -> None:
    await desk.publish("Composed")
    page = host.watch(await (await visits()).context.new_page())
    await page.goto(web.url + "/widget/")
    await page.wait_for_selector("news-ticker section[data-state=live]")
    await page.select_option("[name=mode]", "flip")
    line = await page.locator("#code").text_content()
    assert line
    assert 'mode="flip"' in line
    page = await live(await visits(line))
    await page.wait_for_selector("news-ticker .on >> text=Composed")


async def test_compose_offers_a_hash_only_of_what_is_out(
    chromium: Browser, redis_server: RedisServer, tmp_path: Path
) -> None:
    for folder in ("ticker", "web", "workers"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("versions"))
    record = tmp_path / "web" / "widget" / "versions.json"
    source = tmp_path / "ticker" / "versions.py"
    record.write_text("{}")

    async def offered() -> str | None:
        """The line with a hash, as the server of that folder has it; None when there is no such choice."""
        web = Web(redis_server.url, tmp_path)
        web.inside = ("env", "-C", str(tmp_path))
        try:
            await web.ready()
            page = await chromium.new_page()
            await page.goto(web.url + "/widget/")
            await page.wait_for_selector("news-ticker section[data-state=live]")
            chosen = page.locator("[value=sri]")
            if await chosen.count():
                await page.select_option("[name=way]", "sri")
                return await page.locator("#code").text_content()
            return None
        finally:
            web.kill()

    assert await offered() is None
    release = [sys.executable, "-c", "from ticker.versions import VERSIONS; VERSIONS.release()"]
    assert await (await asyncio.create_subprocess_exec(*release, cwd=tmp_path)).wait() == 0
    [hashes] = json.loads(record.read_text()).values()
    line = await offered() or ""
    assert f'/1.0.0/ticker.js" integrity="{hashes["ticker.js"]}"' in line
    source.write_text(source.read_text().replace('NEWEST = "1.0.0"', 'NEWEST = "1.1.0"'))
    assert f'/1.0.0/ticker.js" integrity="{hashes["ticker.js"]}"' in (await offered() or "")


@pytest.mark.parametrize(
    ("asked", "channel"), [("?channel=ar", "ar"), ("", "en"), ('?channel="}).then(steal)//', "en")]
)
async def test_the_page_that_checks_shows_no_code_but_ours(
    chromium: Browser, web: Web, asked: str, channel: str
) -> None:
    page = await chromium.new_page()
    await page.goto(f"{web.url}/widget/check{asked}")
    await page.wait_for_function("() => document.getElementById('code').textContent !== ''")
    assert await page.locator("#code").text_content() == (
        f'(await import("{web.url}/widget/1/check.js")).check({{"channel":"{channel}"}}).then(console.table)'
    )
    await page.close()
