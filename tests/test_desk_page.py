"""The desk's page in a real browser, against the real service: two editors at once, by keyboard, in three languages."""

import asyncio
import datetime as dt
import itertools
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page

from tests.api import Api, fresh_key, serving
from tests.chromium import types
from tests.servers import PATIENCE, ROOT, Process, RedisServer, Web, eventually
from ticker.desk.page import templates
from ticker.people.people import People
from ticker.people.sessions import Sessions
from ticker.store import connect
from ticker.templates import WORDS
from ticker.writer import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHANNELS = """
[channels.en]
title = "English"
approval = ["urgent"]
[channels.ar]
title = "العربية"
undo.flash = 600
[channels.es]
title = "Español"
undo.flash = 600
[channels.training]
title = "Training"
rehearsal = true
[outputs.air]
title = "English"
channels = ["en"]
"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("desk")
    config = folder / "desk.toml"
    config.write_text(CHANNELS)
    with serving(redis_server, folder, TICKER_CONFIG=str(config), TICKER_HEARTBEAT_SECONDS="1") as web:
        clock = Process("ticker", "scheduler", env=web.env, log=folder / "scheduler.log").start()
        yield web
        clock.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def api(web: Web) -> AsyncIterator[Api]:
    """Somebody else at the desk, who has the API and no page; and an empty desk afterwards."""
    async with aiohttp.ClientSession() as http:
        api = Api(http, web.url, await fresh_key(web, "Third", "admin"))
        yield api
        for channel in ("en", "ar", "es"):
            one = Api(http, web.url, api.key, channel)
            await eventually(partial(is_empty, one), f"the desk of {channel} is empty")


async def is_empty(api: Api) -> bool:
    """What is not gone yet goes: what was done last, the desk may be told of only now."""
    headlines = await at_desk(api)
    for headline in headlines:
        if headline["state"] == "held":
            await api.act(headline, "release")
        await api.act(headline, "expire" if headline["state"] in ("live", "held") else "spike")
    return not headlines


async def at_desk(api: Api) -> list[Any]:
    return list((await api.get(api.base.replace("channels", "desk").rstrip("/"))).json["headlines"])


async def signed_in(web: Web, name: str, role: Role) -> str:
    """A session of a person of that name, as their browser keeps it."""
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        people = People(redis)
        login = f"{name.lower()}-{role}"
        person = await people.get(login) or await people.add(login, name, {"*": role})
        return await Sessions(redis, people, idle_minutes=30, longest_hours=8).begin(person)


class Editor:
    """Somebody at the desk's page. Faults of the page, and what its policy blocks, are faults of the test."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None)

    async def live(self) -> "Editor":
        await self.page.wait_for_selector("#light[data-state=live]")
        return self

    async def opens(self, address: str) -> "Editor":
        await self.page.goto(address)
        return await self.live()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    def row(self, text: str, place: str = "") -> Locator:
        return self.page.locator(f"{place} .record:not(.gone)", has_text=text)

    async def shows(self, text: str, place: str) -> Locator:
        row = self.row(text, place)
        await row.wait_for(state="visible")
        return row

    async def misses(self, text: str, place: str = "") -> None:
        await self.row(text, place).wait_for(state="detached")

    async def told(self, text: str) -> Locator:
        found = self.page.locator("#done", has_text=text)
        await found.wait_for()
        return found

    async def focused(self) -> str:
        text = await self.page.evaluate(
            "document.activeElement.closest('.record')?.querySelector('.headline').textContent"
        )
        return str(text)


@pytest_asyncio.fixture(loop_scope="module")
async def sits(chromium: Browser, web: Web) -> AsyncIterator[Any]:
    """Brings an editor to the desk, by name."""
    async with AsyncExitStack() as stack:
        editors = []

        async def sit(name: str, channel: str = "en", role: Role = Role.EDITOR, **options: Any) -> Editor:
            options.setdefault("viewport", {"width": 1280, "height": 800})
            context = await chromium.new_context(**options)
            stack.push_async_callback(context.close)
            await context.add_cookies(
                [{"name": "ticker-session", "value": await signed_in(web, name, role), "url": web.url}]
            )
            editor = Editor(await context.new_page())
            editors.append(editor)
            return await editor.opens(f"{web.url}/desk/{channel}")

        yield sit
        assert [fault for editor in editors for fault in editor.faults] == []


async def live_texts(api: Api) -> list[str]:
    return [headline["text"] for headline in await found(api)]


async def found(api: Api) -> list[Any]:
    return list((await api.board()).values())


async def strip(api: Api, *texts: str) -> None:
    """Wait until readers have these, too: the desk's page is told apart from them, and may be first."""

    async def is_so() -> bool:
        return await live_texts(api) == list(texts)

    await eventually(is_so, f"the strip is {texts}")


async def only(api: Api, get: Callable[[Api], Awaitable[list[Any]]] = found, **fields: Any) -> Any:
    """Wait until readers, or the desk, have one headline, and it has these fields."""

    async def one() -> Any:
        headlines = await get(api)
        return len(headlines) == 1 and fields.items() <= headlines[0].items() and headlines[0]

    return await eventually(one, f"one headline has {fields}")


# --- from a fact to a flash, and back ---------------------------------------------------------------------------------


async def test_a_flash_by_keyboard_alone(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    await ana.press("f")
    await ana.type("Prime minister resigns, says his office")
    await ana.press("Control+Enter")
    await ana.told("Goes out:")
    assert await live_texts(api) == []
    await ana.shows("Prime minister resigns", "#live")
    await ana.told("Published:")
    await only(api, text="Prime minister resigns, says his office", urgency="flash")
    assert await ana.page.input_value("#text") == ""


async def test_escape_takes_a_flash_back_before_it_leaves(sits: Any, api: Api) -> None:
    ana, es = await sits("Ana", "es"), Api(api.http, api.url, api.key, "es")
    await ana.press("f")
    await ana.type("Not what was said")
    before = (await es.get()).json["position"]
    await ana.press("Control+Enter")
    await ana.told("Goes out:")
    await ana.press("Escape")
    await ana.told("Taken back")
    await ana.shows("Not what was said", "#drafts")
    assert await ana.page.input_value("#text") == "Not what was said"
    assert (await es.get()).json["position"] == before  # readers have heard nothing
    await ana.page.fill("#text", "What was said")
    await ana.press("Control+Enter")
    await ana.told("Goes out:What was said")
    leaving = await only(es, at_desk, text="What was said", state="scheduled")
    assert (await es.act(leaving, "release")).status == 200
    await ana.shows("What was said", "#live")


async def test_a_kill_is_two_actions(sits: Any, api: Api) -> None:
    await api.publish("A true one")
    await api.publish("A false one")
    ana = await sits("Ana")
    await (await ana.shows("A false one", "#live")).focus()
    await ana.press("x", "Enter")
    await ana.misses("A false one", "#live")
    await strip(api, "A true one")
    await ana.told("Killed:")


async def test_a_kill_from_within_the_text_takes_what_was_published_last(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    await api.publish("An old one")
    await (await ana.shows("An old one", "#live")).focus()
    await ana.press("n")
    await ana.type("A wrong one")
    await ana.press("Control+Enter")
    await ana.shows("A wrong one", "#live")
    await ana.page.locator("#done", has_text="A wrong one").wait_for()  # the page has its answer
    await ana.press("Control+Shift+X", "Enter")
    await ana.misses("A wrong one", "#live")
    await strip(api, "An old one")


async def test_what_readers_and_the_audit_are_told_of_a_kill_are_templates_in_the_channels_language(
    sits: Any, api: Api
) -> None:
    ar = Api(api.http, api.url, api.key, "ar")
    await ar.publish("خبر خاطئ")
    ana = await sits("Ana", "ar")
    await (await ana.shows("خبر خاطئ", "#live")).focus()
    await ana.press("x")
    kill = templates("ar")["kill"]
    assert await ana.page.locator("#ask-reasons label").all_text_contents() == [one["reason"] for one in kill]
    assert await ana.page.input_value("#ask-note") == kill[0]["note"]
    await ana.press("ArrowDown")
    assert await ana.page.input_value("#ask-note") == kill[1]["note"]
    assert await ana.page.locator("#ask-text").text_content() == "خبر خاطئ"
    before = (await ar.get()).json["position"]
    await ana.press("Enter")
    await eventually(lambda: gone_with(ar, before, kill[1]["note"]))


async def gone_with(api: Api, after: str, note: str) -> bool:
    messages = (await api.get(f"events?after={after}")).json["messages"]
    return any(message["type"] == "retracted" and message.get("note") == note for message in messages)


async def test_escape_kills_nothing_and_the_focus_is_where_it_was(sits: Any, api: Api) -> None:
    await api.publish("It stays")
    ana = await sits("Ana")
    await (await ana.shows("It stays", "#live")).focus()
    await ana.press("x", "Escape")
    assert await live_texts(api) == ["It stays"]
    assert await ana.focused() == "It stays"


async def test_hold_release_and_undo_by_keyboard(sits: Any, api: Api) -> None:
    await api.publish("In doubt")
    ana = await sits("Ana")
    await (await ana.shows("In doubt", "#live")).focus()
    await ana.press("h")
    await ana.shows("In doubt", "#held")
    await strip(api)
    await ana.press("z")
    await ana.shows("In doubt", "#live")
    await strip(api, "In doubt")


async def test_what_counts_down_can_be_stopped_whatever_is_done_meanwhile(sits: Any, api: Api) -> None:
    es = Api(api.http, api.url, api.key, "es")
    await es.publish("Already there")
    ana = await sits("Ana", "es")
    await ana.press("f")
    await ana.type("It goes out in a moment")
    await ana.press("Control+Enter")
    await ana.told("Goes out:")
    await (await ana.shows("Already there", "#live")).focus()
    await ana.press("p")
    await ana.told("Pinned:")
    await ana.press("Escape")
    await ana.told("Taken back")
    assert await live_texts(es) == ["Already there"]


async def test_a_spike_that_is_undone_has_its_hour(sits: Any, api: Api) -> None:
    hour = f"{dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)}T20:00:00.000Z"
    spiked = await api.publish("Under embargo", state="draft", publish_at=hour, image="https://news.example/a.jpg")
    ana = await sits("Ana")
    await (await ana.shows("Under embargo", "#drafts")).focus()
    await ana.press("s")
    await ana.told("Spiked:")
    await ana.press("z")
    await ana.told("Undone:")

    async def anew() -> Any:
        headlines = await at_desk(api)
        return [h["id"] for h in headlines] != [spiked["id"]] and headlines

    [draft] = await eventually(anew, "it is back")
    assert (draft["state"], draft["publish_at"], draft["image"]) == ("draft", hour, "https://news.example/a.jpg")


async def test_a_change_of_expiry_that_is_undone_has_its_end(sits: Any, api: Api) -> None:
    headline = await api.publish("For two hours", expires_in=7200)
    ana = await sits("Ana")
    await (await ana.shows("For two hours", "#live")).focus()
    await ana.press("e")
    await ana.page.click("#more summary")
    await ana.page.select_option("[name=expires_in]", "3600")
    await ana.press("Control+Enter")
    await ana.told("Updated:")
    await ana.press("Escape", "z")
    await ana.told("Undone:")
    await only(api, version=3, expires_at=headline["expires_at"])


# --- what others and the network do meanwhile -------------------------------------------------------------------------


async def test_what_is_written_while_it_is_sent_stays(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    sent = asyncio.Event()

    async def slowly(route: Any) -> None:
        await sent.wait()
        await route.continue_()

    await ana.page.route("**/v1/channels/en/headlines", slowly)
    await ana.press("n")
    await ana.type("The first")
    async with ana.page.expect_request("**/v1/channels/en/headlines"):
        await ana.press("Control+Enter")
    await ana.page.fill("#text", "Something else")
    sent.set()
    await ana.shows("The first", "#live")
    assert await ana.page.input_value("#text") == "Something else"


async def test_an_edit_by_somebody_else_does_not_take_the_focus(sits: Any, api: Api) -> None:
    headline = await api.publish("Old words")
    ana = await sits("Ana")
    row = await ana.shows("Old words", "#live")
    await row.focus()
    await ana.press("e")
    await row.focus()
    assert (await api.edit(headline, text="New words")).status == 200
    await ana.page.wait_for_function("() => document.getElementById('text').value === 'New words'")
    assert await ana.focused() == "New words"


# --- correcting, ordering, extending ----------------------------------------------------------------------------------


async def test_a_correction_carries_its_note(sits: Any, api: Api) -> None:
    await api.publish("12 hurt in the fire")
    ana = await sits("Ana")
    await (await ana.shows("12 hurt", "#live")).focus()
    await ana.press("c")
    await ana.page.fill("#text", "21 hurt in the fire")
    await ana.page.fill("[name=correction]", "Corrects the figure.")
    await ana.press("Control+Enter")
    row = await ana.shows("21 hurt", "#live")
    await row.locator(".corrected", has_text="Corrects the figure.").wait_for()
    await only(api, version=2, correction="Corrects the figure.")


async def test_a_correction_without_a_note_is_not_sent(sits: Any, api: Api) -> None:
    await api.publish("30 hurt in the fire")
    ana = await sits("Ana")
    await (await ana.shows("30 hurt", "#live")).focus()
    await ana.press("c")
    await ana.page.fill("#text", "3 hurt in the fire")
    await ana.press("Control+Enter")
    await ana.page.locator("#said", has_text="Say what was wrong").wait_for()
    assert await ana.page.evaluate("document.activeElement.name") == "correction"
    assert await live_texts(api) == ["30 hurt in the fire"]


async def test_an_update_can_be_undone(sits: Any, api: Api) -> None:
    await api.publish("Talks go on", kicker="Strike")
    ana = await sits("Ana")
    await (await ana.shows("Talks go on", "#live")).focus()
    await ana.press("e")
    await ana.page.fill("#text", "Talks have ended")
    await ana.press("Control+Enter")
    await ana.shows("Talks have ended", "#live")
    await ana.press("Escape", "z")
    await ana.shows("Talks go on", "#live")
    await only(api, text="Talks go on", kicker="Strike", version=3)


async def test_the_order_by_keyboard(sits: Any, api: Api) -> None:
    for name in ("third", "second", "first"):
        await api.publish(f"The {name}")
    ana = await sits("Ana")
    await (await ana.shows("The first", "#live")).focus()

    async def is_order(*names: str) -> None:
        await ana.page.wait_for_function(
            "(texts) => JSON.stringify([...document.querySelectorAll('#live .headline')].map((one) => one.textContent))"
            " === JSON.stringify(texts)",
            arg=[f"The {name}" for name in names],
        )

    await is_order("first", "second", "third")
    await ana.press("Shift+ArrowDown")
    await is_order("second", "first", "third")
    assert await ana.focused() == "The first"
    await ana.press("ArrowDown", "t")
    await is_order("third", "second", "first")
    await ana.press("p")
    await ana.row("The third", "#live").locator(".pinned").wait_for()
    await ana.press("z")
    await ana.row("The third", "#live").locator(".pinned").wait_for(state="detached")
    await strip(api, "The third", "The second", "The first")


async def test_an_hour_longer_and_gone_now(sits: Any, api: Api) -> None:
    await api.publish("Short", expires_in=600)
    ana = await sits("Ana")
    row = await ana.shows("Short", "#live")
    await row.focus()
    await ana.press("+")
    await ana.told("Stays 1 h")
    await row.locator(".timer", has_text="1 h").wait_for()
    await ana.press("l")
    await ana.misses("Short")
    await strip(api)


# --- drafts and the queue ---------------------------------------------------------------------------------------------


async def test_a_draft_is_kept_edited_published(sits: Any, api: Api) -> None:
    ana, ben = await sits("Ana"), await sits("Ben")
    await ana.press("n")
    await ana.type("Not yet confirmd")
    await ana.press("Control+s")
    row = await ben.shows("Not yet confirmd", "#drafts")
    assert await live_texts(api) == []
    await row.focus()
    await ben.press("e")
    await ben.page.fill("#text", "Now confirmed")
    await ben.press("Control+Enter")
    await ana.shows("Now confirmed", "#live")
    await ana.misses("Not yet confirmd")


async def test_the_queue_is_live_and_one_key_takes_or_spikes_a_candidate(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    for name in ("good", "bad"):
        await api.publish(f"A {name} item", state="draft", source={"name": "agency", "id": name})
    await (await ana.shows("A bad item", "#candidates")).focus()
    await ana.press("s")
    await ana.misses("A bad item", "#candidates")
    await (await ana.shows("A good item", "#candidates")).focus()
    await ana.press("r")
    await ana.shows("A good item", "#live")
    await strip(api, "A good item")


async def test_approval_by_a_second_person(sits: Any, api: Api) -> None:
    ana, ben = await sits("Ana"), await sits("Ben")
    await ana.press("n")
    await ana.type("Airport closed, says its operator")
    await ana.press("Control+ArrowUp", "Control+ArrowUp")
    assert await ana.page.text_content("#publish-word") == "Hand in for approval"
    await ana.press("Control+Enter")
    await ana.told("Waits for a second person:")
    row = await ben.shows("Airport closed", "#waiting")
    assert await live_texts(api) == []
    await row.focus()
    await ben.press("a")
    await ana.shows("Airport closed", "#live")
    await only(api, urgency="urgent")


async def test_the_glass_is_broken_with_a_reason(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("Nobody else is here")
    await ana.press("Control+ArrowUp", "Control+ArrowUp", "Control+Enter")
    await (await ana.shows("Nobody else", "#waiting")).focus()
    await ana.press("a")
    await ana.page.wait_for_selector("#ask[open]")
    await ana.press("Enter")
    assert await ana.page.locator("#ask[open]").count() == 1  # not without a reason
    await ana.type("Alone on the night shift")
    await ana.press("Enter")
    row = await ana.shows("Nobody else", "#live")
    await row.locator(".unseconded").wait_for()


async def test_a_schedule_counts_down_and_is_taken_back(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("At the stroke of the hour")
    await ana.page.click("#more summary")
    day = dt.datetime.now().date() + dt.timedelta(days=30)  # noqa: DTZ005  by the editor's own clock
    await ana.page.fill("[name=publish_at]", f"{day}T12:00:05")
    assert "12:00:05" in str(await ana.page.text_content("#publish-word"))
    await ana.press("Control+Enter")
    row = await ana.shows("At the stroke", "#scheduled")
    await row.locator(".timer", has_text="goes out in").wait_for()
    await row.focus()
    await ana.press("b")
    await ana.shows("At the stroke", "#drafts")
    assert await live_texts(api) == []


# --- not in each other's way ------------------------------------------------------------------------------------------


async def test_a_stale_save_shows_both_and_loses_neither(sits: Any, api: Api) -> None:
    headline = await api.publish("Ten people are missing")
    ana = await sits("Ana")
    await (await ana.shows("Ten people", "#live")).focus()
    await ana.press("e")
    await ana.page.fill("#text", "Ten people are missing after the storm")
    assert (await api.edit(headline, text="Twelve people are missing")).status == 200
    await ana.page.locator("#said", has_text="Somebody has changed").wait_for()
    await ana.press("Control+Enter")
    await ana.page.wait_for_selector("#conflict[open]")
    assert await ana.page.locator("#theirs").text_content() == "Twelve people are missing"
    assert await ana.page.locator("#mine").text_content() == "Ten people are missing after the storm"
    marked = await ana.page.locator("#conflict mark").all_text_contents()
    assert [text.strip() for text in marked] == ["Twelve", "Ten", "after the storm"]
    await ana.page.click("text=Keep theirs, mine as a draft")
    await ana.shows("Ten people are missing after the storm", "#drafts")
    await strip(api, "Twelve people are missing")


async def test_a_stale_save_may_go_on_from_theirs(sits: Any, api: Api) -> None:
    headline = await api.publish("Bridge shut", kicker="Traffic")
    ana = await sits("Ana")
    await (await ana.shows("Bridge shut", "#live")).focus()
    await ana.press("e")
    await ana.page.fill("#text", "Bridge shut until noon")
    assert (await api.edit(headline, text="Bridge shut, says police", kicker="Roads")).status == 200
    await ana.page.locator("#said", has_text="Somebody has changed").wait_for()
    await ana.press("Control+Enter")
    await ana.page.wait_for_selector("#conflict[open]")
    await ana.press("Enter")
    # Theirs, where we changed nothing.
    await ana.page.wait_for_function("() => document.querySelector('[name=kicker]').value === 'Roads'")
    assert await ana.page.input_value("#text") == "Bridge shut until noon"
    await ana.press("Control+Enter")
    await ana.shows("Bridge shut until noon", "#live")
    await only(api, version=3, kicker="Roads")


async def test_a_crashed_tab_loses_nothing(sits: Any, api: Api) -> None:
    await api.publish("The one that is edited")
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("Half a sentence")
    await (await ana.shows("The one that is edited", "#live")).focus()
    await ana.press("e")
    await ana.page.fill("#text", "The one that was being edited")
    context, address = ana.page.context, ana.page.url
    await ana.page.close(run_before_unload=False)
    again = await Editor(await context.new_page()).opens(address)
    assert await again.page.input_value("#text") == "Half a sentence"
    await (await again.shows("The one that is edited", "#live")).focus()
    await again.press("e")
    assert await again.page.input_value("#text") == "The one that was being edited"
    await again.press("Control+Enter")
    await again.shows("The one that was being edited", "#live")
    assert again.faults == []


async def test_a_session_that_has_ended_is_said_and_the_way_back_in_loses_nothing(
    sits: Any, api: Api, web: Web
) -> None:
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("Written while the session ended")
    await ana.page.context.clear_cookies()
    await ana.press("Control+Enter")
    failed = ana.page.locator("#done.failed", has_text="Your session has ended")
    await failed.wait_for()
    await failed.locator("a", has_text="Sign in").click()
    await ana.page.wait_for_selector("[name=login]")
    session = await signed_in(web, "Ana", Role.EDITOR)
    await ana.page.context.add_cookies([{"name": "ticker-session", "value": session, "url": web.url}])
    await ana.opens(f"{web.url}/desk/en")
    assert await ana.page.input_value("#text") == "Written while the session ended"


async def test_at_reduced_motion_the_strip_leaves_room_for_the_desk_and_no_field_covers_another(
    sits: Any, api: Api
) -> None:
    for number in range(6):
        await api.publish(f"One of several, number {number}")
    ana = await sits("Ana", reduced_motion="reduce")
    await ana.shows("number 5", "#live")
    await ana.page.click("#more summary")
    boxes = [await ana.page.locator(f"[name={name}]").bounding_box() for name in ("tags", "publish_at", "expires_in")]
    for one, other in itertools.pairwise(boxes):
        assert one["x"] + one["width"] <= other["x"] or one["y"] + one["height"] <= other["y"]
    await ana.page.focus("[name=edition-es]")
    field = await ana.page.locator("[name=edition-es]").bounding_box()
    foot = await ana.page.locator("#composer > footer").bounding_box()
    assert field["y"] + field["height"] <= foot["y"]
    air = await ana.page.locator(".air").bounding_box()
    assert air["height"] < 800 / 5


async def test_who_is_here_and_who_edits_what(sits: Any, api: Api) -> None:
    await api.publish("Both look at it")
    ana, ben = await sits("Ana"), await sits("Ben")
    await ana.page.locator("#present", has_text="Ben").wait_for()
    await (await ben.shows("Both look at it", "#live")).focus()
    await ben.press("e")
    await ana.row("Both look at it", "#live").locator(".presence", has_text="Ben is editing").wait_for()
    assert await ben.row("Both look at it", "#live").locator(".presence", has_text="Ben").count() == 0
    await (await ana.shows("Both look at it", "#live")).focus()
    await ana.press("h")  # nobody is kept from a hold
    await ben.shows("Both look at it", "#held")


async def test_a_receipt_says_that_it_is_gone_from_everybody(sits: Any, api: Api) -> None:
    ana, ben = await sits("Ana"), await sits("Ben")
    await api.publish("Soon gone")
    for editor in (ana, ben):  # the strip on their pages is a reader as any
        await editor.shows("Soon gone", "#live")
        await editor.page.wait_for_function(
            "() => document.querySelector('news-ticker').headlines.some(({ text }) => text === 'Soon gone')"
        )
    await ana.row("Soon gone", "#live").focus()
    await ana.press("x", "Enter")
    for editor in (ana, ben):
        await editor.page.locator("#receipts .all", has_text="Kill: gone from all 2").wait_for()


async def test_focus_stays_while_the_list_moves(sits: Any, api: Api) -> None:
    headlines = [await api.publish(f"Headline {number}") for number in range(3)]
    ana = await sits("Ana")
    await (await ana.shows("Headline 1", "#live")).focus()
    await api.publish("A newer one", urgency="bulletin")
    await ana.shows("A newer one", "#live")
    assert await ana.focused() == "Headline 1"
    button = ana.row("Headline 0", "#live").locator("[data-act=hold]")
    await button.focus()
    [other] = [one for one in headlines if one["text"] == "Headline 2"]
    await api.act(other, "move", {"to": "top"})
    await ana.page.wait_for_function("() => document.querySelector('#live .headline').textContent === 'Headline 2'")
    assert await ana.page.evaluate("document.activeElement.dataset.act") == "hold"


async def test_one_that_goes_while_it_has_the_focus_hands_its_keys_to_nobody(sits: Any, api: Api) -> None:
    await api.publish("The neighbour")
    doomed = await api.publish("The doomed")
    ana = await sits("Ana")
    await (await ana.shows("The doomed", "#live")).focus()
    await api.act(doomed, "hold")
    await ana.page.wait_for_selector(".record.gone")
    assert await ana.focused() == "The doomed"
    await ana.press("x")
    assert "The neighbour" not in str(await ana.page.locator("#ask[open] #ask-text").all_text_contents())


async def test_what_is_dead_elsewhere_hands_its_keys_to_nobody(sits: Any, api: Api) -> None:
    await api.publish("The neighbour")
    doomed = await api.publish("The doomed")
    ana = await sits("Ana")
    await (await ana.shows("The doomed", "#live")).focus()
    await api.act(doomed, "retract", {"reason": "wrong"})
    await ana.page.wait_for_selector(".record.gone")
    await ana.press("p", "h", "l", "x", "?")
    await ana.page.wait_for_selector("#help[open]")  # the key after them was heard
    assert await ana.page.locator("#ask[open]").count() == 0
    assert not (await only(api, text="The neighbour"))["pinned"]


async def test_a_key_that_is_held_down_acts_once(sits: Any, api: Api) -> None:
    headline = await api.publish("Pinned once")
    ana = await sits("Ana")
    await (await ana.shows("Pinned once", "#live")).focus()
    await ana.page.keyboard.down("p")
    await ana.told("Pinned:")
    await ana.page.keyboard.down("p")  # the keyboard repeats it
    await ana.page.keyboard.up("p")
    await ana.press("+")
    await ana.told("Stays")

    async def extended() -> Any:
        [now] = await found(api)
        return now["expires_at"] != headline["expires_at"] and now

    assert (await eventually(extended))["pinned"]


async def test_a_key_that_is_held_down_types_nothing_into_the_field_that_it_opens(sits: Any, api: Api) -> None:
    await api.publish("What has the focus")
    ana = await sits("Ana")
    await (await ana.shows("What has the focus", "#live")).focus()
    for _ in range(3):
        await ana.page.keyboard.down("f")  # the keyboard repeats it
    await ana.page.keyboard.up("f")
    await ana.page.keyboard.type("fire")
    assert await ana.page.locator("textarea:focus").input_value() == "fire"


async def test_the_keys_are_in_their_places_on_a_keyboard_without_latin_letters(sits: Any, api: Api) -> None:
    await api.publish("Found by an Eastern digit")
    ana = await sits("Ana")
    await ana.shows("Found by an Eastern digit", "#live")
    await types(ana.page, "٣", "Digit3")
    await ana.page.locator("#live .record:focus", has_text="Found by an Eastern digit").wait_for()
    await types(ana.page, "ح", "KeyP")
    await ana.told("Pinned:")
    await types(ana.page, "؟", "Slash", shift=True)
    await ana.page.wait_for_selector("#help[open]")


async def test_in_the_menu_the_browsers_keys_are_the_browsers(sits: Any, api: Api) -> None:
    await api.publish("Stays on")
    ana = await sits("Ana")
    await (await ana.shows("Stays on", "#live")).focus()
    await ana.press("m")
    await ana.page.wait_for_selector("#menu:popover-open")
    await ana.press("Control+l", "Control+h", "p")
    await ana.told("Pinned:")
    assert await live_texts(api) == ["Stays on"]


async def test_without_single_letters_arrows_and_enter_reach_everything(sits: Any, api: Api) -> None:
    for text in ("Second", "First"):
        await api.publish(text)
    ana = await sits("Ana")
    await ana.press("?")
    await ana.page.uncheck("#single")
    await ana.press("Escape")
    await (await ana.shows("First", "#live")).focus()
    await ana.press("ArrowDown")
    assert await ana.focused() == "Second"
    await ana.press("Enter")
    await ana.page.wait_for_selector("#menu:popover-open")
    await ana.press("p")
    await ana.told("Pinned:")


async def test_nothing_moves_under_the_pointer(sits: Any, api: Api) -> None:
    await api.publish("Under the pointer")
    ana = await sits("Ana")
    row = await ana.shows("Under the pointer", "#live")
    look = "row => [row.getBoundingClientRect().toJSON(), !document.querySelector('#fresh').hidden]"
    await row.hover()
    box, _ = await row.evaluate(look)
    aside = itertools.cycle((20, 21))

    async def is_told() -> bool:
        """The pointer goes on moving: one that rests while a slow machine works would let the rows move again."""
        await ana.page.mouse.move(box["x"] + next(aside), box["y"] + 20)
        now, told = await row.evaluate(look)
        assert now == box
        return bool(told)

    publishing = asyncio.create_task(api.publish("It waits"))
    await eventually(is_told, "something new waits")
    await publishing
    await ana.page.mouse.move(5, 5)
    await ana.shows("It waits", "#live")


async def test_letters_in_a_field_are_letters(sits: Any, api: Api) -> None:
    await api.publish("Stays")
    ana = await sits("Ana")
    await ana.shows("Stays", "#live")
    await ana.press("n")
    await ana.type("xhzfnaersc?1234")
    assert await ana.page.input_value("#text") == "xhzfnaersc?1234"
    assert await ana.page.locator("dialog[open]").count() == 0
    await ana.press("Escape", "?")
    await ana.page.wait_for_selector("#help[open]")
    await ana.page.uncheck("#single")
    await ana.press("Escape", "x")
    assert await ana.page.locator("dialog[open]").count() == 0
    assert await live_texts(api) == ["Stays"]


# --- before it leaves -------------------------------------------------------------------------------------------------


async def test_findings_are_told_all_at_once_with_the_other_text(sits: Any, api: Api) -> None:
    await api.publish("Central bank raises its key rate to 4.25 per cent")
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("Central bank raises its key rate to 4.5 per cent")
    await ana.page.locator("#findings [data-level=warning] .other", has_text="to 4.25 per cent").wait_for()
    await ana.page.locator("#findings [data-level=advice]").wait_for()
    await ana.page.click("#findings .other")
    assert await ana.focused() == "Central bank raises its key rate to 4.25 per cent"


async def test_what_an_output_would_say_is_told_in_the_writers_words(sits: Any) -> None:
    ana = await sits("Ana", locale="es")
    await ana.press("n")
    await ana.type("word " * 34 + "word")
    told = re.compile(r"En English: 174 caracteres; sobran 14\.$")
    await ana.page.locator("#findings [data-level=warning]", has_text=told).wait_for()


async def test_the_counter_counts_what_readers_see(sits: Any) -> None:
    ana = await sits("Ana")
    await ana.page.fill("#text", "👩‍👩‍👧‍👦" * 10)
    assert str(await ana.page.text_content("#count")).startswith("10 of 90")
    assert re.search(r"\d+ px", str(await ana.page.text_content("#count")))
    await ana.page.fill("#text", "x" * 100)
    assert await ana.page.get_attribute("#count", "data-level") == "advice"
    await ana.page.fill("#text", "x" * 130)
    assert await ana.page.get_attribute("#count", "data-level") == "warning"


async def test_a_refusal_is_told_and_the_text_stays(sits: Any, api: Api) -> None:
    killed = await api.publish("Words that were killed")
    await api.act(killed, "retract", {"reason": "wrong"})
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("Words that were killed")
    await ana.press("Control+Enter")
    await ana.page.wait_for_selector("#done.failed")
    assert await ana.page.input_value("#text") == "Words that were killed"


async def test_editions_are_published_together(sits: Any, api: Api) -> None:
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("The king abdicates")
    await ana.page.click("#more summary")
    await ana.page.fill("[name=edition-es]", "El rey abdica")
    await ana.press("Control+Enter")
    await ana.shows("The king abdicates", "#live")
    es = Api(api.http, api.url, api.key, "es")
    there, here = await only(es, text="El rey abdica"), await only(api)
    assert there["group"] == here["group"]


async def test_a_flash_of_two_editions_is_taken_back_in_both(sits: Any, api: Api) -> None:
    ana = await sits("Ana", "ar")
    await ana.press("f")
    await ana.type("The queen abdicates")
    await ana.page.click("#more summary")
    await ana.page.fill("[name=edition-es]", "La reina abdica")
    await ana.press("Control+Enter")
    await ana.told("Goes out:")
    await ana.press("Escape")
    await ana.told("Taken back")
    es, ar = (Api(api.http, api.url, api.key, channel) for channel in ("es", "ar"))
    await only(es, at_desk, text="La reina abdica", state="draft")
    assert await found(es) == await found(ar) == []


async def test_what_another_channel_has_taken_is_not_sent_again(sits: Any, api: Api) -> None:
    killed = await api.publish("The pope abdicates")
    await api.act(killed, "retract", {"reason": "wrong"})
    ana = await sits("Ana")
    await ana.press("n")
    await ana.type("The pope abdicates")
    await ana.page.click("#more summary")
    await ana.page.fill("[name=edition-es]", "El papa abdica")
    await ana.press("Control+Enter")
    await ana.page.locator("#done.failed").wait_for()
    await ana.page.wait_for_function("() => document.querySelector('[name=edition-es]').value === ''")
    await ana.page.fill("#text", "The pope steps down")
    await ana.press("Control+Enter")
    await ana.shows("The pope steps down", "#live")
    es = Api(api.http, api.url, api.key, "es")
    there, here = await only(es), await only(api)
    assert there["group"] == here["group"]


async def test_readers_of_other_editions_get_no_note_that_nobody_chose(sits: Any, api: Api) -> None:
    es = Api(api.http, api.url, api.key, "es")
    drafts = {"en": {"text": "A bridge has fallen"}, "es": {"text": "Ha caído un puente"}}
    assert (await api("POST", "/v1/editions", {"drafts": drafts})).status == 200
    before = (await es.get()).json["position"]
    ana = await sits("Ana")
    await (await ana.shows("A bridge has fallen", "#live")).focus()
    await ana.press("x")
    await ana.page.fill("#ask-note", "The bridge stands.")
    await ana.press("Enter")
    await eventually(lambda: _is_gone(es))
    [told] = [one for one in (await es.get(f"events?after={before}")).json["messages"] if one["type"] == "retracted"]
    assert "note" not in told


async def _is_gone(api: Api) -> bool:
    return not await found(api)


async def test_a_kill_takes_the_other_edition_along_and_a_correction_marks_it(sits: Any, api: Api) -> None:
    es = Api(api.http, api.url, api.key, "es")
    drafts = {"en": {"text": "Two ferries collide"}, "es": {"text": "Chocan dos transbordadores"}}
    assert (await api("POST", "/v1/editions", {"drafts": drafts})).status == 200
    here = await only(api)
    ana, ben = await sits("Ana"), await sits("Ben", "es")
    await ben.shows("Chocan dos", "#live")
    assert (await api.edit(here, text="Two ferries touch", correction="They touched.")).status == 200
    row = ben.row("Chocan dos", "#live")
    await row.locator(".stale", has_text="English has been corrected").wait_for()
    await row.focus()
    await ben.press("v")
    await row.locator(".stale").wait_for(state="detached")
    await (await ana.shows("Two ferries", "#live")).focus()
    await ana.press("x", "Enter")
    await ben.misses("Chocan dos")
    await strip(es)


# --- what it looks like -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(sits: Any, api: Api, scheme: Any, width: int) -> None:
    await fill(api)
    viewport = {"width": width, "height": 800}
    ana = await sits("Ana", bypass_csp=True, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    await ana.shows("Storm", "#live")
    await ana.page.add_script_tag(path=AXE)
    await ana.page.fill("#text", "Storm makes landfall south of the port, 13,000 told to leave")
    await ana.page.locator("#findings .other").first.wait_for()
    await ana.page.click("#more summary")
    await clean(ana.page)
    row = ana.row("Storm", "#live")
    await row.locator("[data-act=correct]").click()
    await clean(ana.page)
    await row.focus()
    await ana.press("m")
    await ana.page.wait_for_selector("#menu:popover-open")
    await clean(ana.page)
    await ana.press("Escape", "x")
    await ana.page.wait_for_selector("#ask[open]")
    await clean(ana.page)
    await ana.press("Escape", "?")
    await ana.page.wait_for_selector("#help[open]")
    await clean(ana.page)
    await ana.press("Escape", "h")
    await ana.told("Held")
    await clean(ana.page)
    assert await ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("lang", WORDS)
async def test_the_page_speaks_the_language_of_the_browser(sits: Any, api: Api, lang: str) -> None:
    await fill(api)
    ana = await sits("Ana", bypass_csp=True, locale=lang, reduced_motion="reduce")
    await ana.shows("Storm", "#live")
    assert await ana.page.get_attribute("html", "lang") == lang
    assert await ana.page.get_attribute("html", "dir") == ("rtl" if lang == "ar" else "ltr")
    assert WORDS[lang]["places"]["strip"] in str(await ana.page.text_content("#strip-title"))
    assert await ana.row("Storm", "#live").locator("[data-act=kill] span").text_content() == WORDS[lang]["acts"]["kill"]
    assert "undefined" not in await ana.page.inner_text("body")
    await ana.page.add_script_tag(path=AXE)
    await clean(ana.page)


async def fill(api: Api) -> None:
    await api.publish("Rail unions call off Friday's strike", section="transport", link="https://news.example/1")
    storm = await api.publish("Storm makes landfall near the port", urgency="bulletin", kicker="Storm")
    await api.edit(storm, text="Storm makes landfall south of the port, 12,000 told to leave", correction="The place.")
    await api.publish("Prime minister resigns, says his office", urgency="flash")
    await api.publish("Airport closes its northern runway", urgency="urgent")
    await api.publish("Museum reopens", state="draft")
    await api.publish("An item nobody has looked at", state="draft", source={"name": "agency", "id": uuid.uuid4().hex})
    await api.publish("Census results", publish_at="2027-05-26T09:00:00Z", expires_in=86400)
    held = await api.publish("Minister to be questioned")
    await api.act(held, "hold")


async def clean(page: Page) -> None:
    found = await page.evaluate("axe.run()")
    faults = [
        (fault["id"], node["html"], node["failureSummary"]) for fault in found["violations"] for node in fault["nodes"]
    ]
    assert faults == []
    assert len(found["passes"]) > 10


async def test_a_rehearsal_looks_like_nothing_else(sits: Any) -> None:
    ana = await sits("Ana", "training", bypass_csp=True)
    assert await ana.page.locator(".masthead .rehearsal").text_content() == "Rehearsal"
    assert await ana.page.text_content("#publish-word") == "Publish in rehearsal"
    mark = await ana.page.evaluate(
        "(({ pointerEvents, position, opacity }) => [pointerEvents, position, Number(opacity) > 0])"
        "(getComputedStyle(document.querySelector('.watermark')))"
    )
    assert mark == ["none", "fixed", True]
    await ana.press("f")
    await ana.type("Only a rehearsal")
    await ana.press("Control+Enter")
    await ana.shows("Only a rehearsal", "#live")
    assert await ana.page.locator("#editions").count() == 0  # no way across
    await ana.page.add_script_tag(path=AXE)
    await clean(ana.page)


async def test_the_audit_is_searched_in_the_page(sits: Any, api: Api) -> None:
    headline = await api.publish("Who said what")
    await api.edit(headline, text="Who says what")
    await api.publish("Another matter")
    ana = await sits("Ana", bypass_csp=True)
    await ana.page.click("text=Audit")
    await ana.page.fill("[name=q]", "says what")
    await ana.press("Enter")
    await ana.page.wait_for_url(re.compile("q=says"))
    entry = ana.page.locator(".entries li", has_text="updated")
    await entry.wait_for()
    assert await entry.locator(".before bdi").text_content() == "Who said what"
    assert await entry.locator(".after bdi").text_content() == "Who says what"
    assert await ana.page.locator("text=Another matter").count() == 0
    await ana.page.add_script_tag(path=AXE)
    await clean(ana.page)
    address = await ana.page.get_attribute("text=CSV", "href")
    file = await ana.page.evaluate("async (address) => (await fetch(address)).text()", address)
    assert "Who says what" in file
    assert "Another matter" not in file


# --- who may see it, and in which words -------------------------------------------------------------------------------


async def test_it_is_nobodys_who_has_no_right(web: Web, api: Api) -> None:
    async with api.http.get(f"{web.url}/desk/en", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (303, "/desk/sign-in?next=/desk/en")
    other = Api(api.http, web.url, await fresh_key(web, "Other", "read", channels=("es",)))
    assert (await other.get("/desk/en")).status == 403
    assert (await other.get("/desk")).status == 200
    assert (await api.get("/desk/nowhere")).status == 404


async def test_the_policy_is_as_strict_as_elsewhere(api: Api) -> None:
    page = await api.get("/desk/en")
    assert page.headers["content-type"].startswith("text/html")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|\sstyle=", page.text)


async def test_what_stands_in_the_page_as_data_is_data(web: Web, api: Api) -> None:
    name = "</script><script>alert(1)</script>"
    page = await Api(api.http, web.url, await fresh_key(web, name, "admin")).get("/desk/en")
    assert "<script>alert" not in page.text
    [told] = re.findall(r'<script type="application/json" id="about">(.*?)</script>', page.text)
    assert json.loads(told)["writer"].startswith(name)


async def test_every_key_is_in_the_document() -> None:
    actions = dict(re.findall(r'^  (\w+): \{ key: "([^"]+)"', (ROOT / "web/desk/actions.js").read_text(), re.MULTILINE))
    assert len(actions) > 10
    assert set(actions) <= set(WORDS["en"]["acts"])
    document = (ROOT / "docs/desk/page.md").read_text().partition("## Keys")[2].partition("## ")[0]
    told = set(re.findall(r"`(.)`", document)) | {"Shift ↑", "Shift ↓"} & {
        key.replace("+", " ") for key in document.split()
    }
    assert set(actions.values()) <= told
    assert len(set(actions.values())) == len(actions)


@pytest.mark.parametrize("lang", WORDS)
async def test_every_language_has_all_templates(lang: str) -> None:
    english = templates("en")
    assert {name: len(found) for name, found in templates(lang).items()} == {
        name: len(found) for name, found in english.items()
    }
    assert templates("tlh") == english
