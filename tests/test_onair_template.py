"""The page as graphics hosts drive it: what CasparCG evaluates, SPX's import and calls, WebCG's tools, hostile data."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.renderer import CASPAR, Renderer, rendering
from tests.servers import ROOT, eventually, free_port
from tests.test_onair_page import HOSTILE
from ticker.channel import Channel
from ticker.headline import Headline, State
from ticker.onair import playlist
from ticker.onair.control import Control
from ticker.onair.document import Renderer as About
from ticker.onair.document import document
from ticker.onair.output import Output
from ticker.onair.playlist import Strip
from ticker.urgency import Urgency

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTPUT = Output(
    name="program", channels=("en",), clearance="automatic", speed=40, longest=280, fallback=("The news from Example",)
)
NOW = 1_790_000_000_000


def message(*texts: str, now: int = NOW) -> dict[str, Any]:
    """A playlist as the service has it, of headlines with these words."""
    headlines = [
        Headline(
            id="headlinewith" + "abcd"[number] * 4,
            channel="en",
            version=1,
            text=text,
            lang="en",
            dir="ltr",
            state=State.LIVE,
            urgency=Urgency.ROUTINE,
            published_at=now,
            updated_at=now,
        )
        for number, text in enumerate(texts)
    ]
    return playlist.make(OUTPUT, [Strip(Channel(name="en"), headlines, now)], Control(), now).message(now)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on disk, and no service anywhere."""
    path = tmp_path_factory.mktemp("disk") / "program.html"
    nobody = f"http://127.0.0.1:{free_port()}"
    path.write_bytes(document(OUTPUT, message(), [nobody], About()).content)
    return path


@pytest_asyncio.fixture(loop_scope="module")
async def caspar(chromium: Browser, file: Path) -> AsyncIterator[Renderer]:
    async with rendering(chromium, file.as_uri(), before=CASPAR) as renderer:
        yield renderer


# --- what CasparCG evaluates ----------------------------------------------------------------------------------------


def numeric(text: str) -> str:
    """Every character that a release could stumble over as a numeric reference, so that what is left is plain ASCII."""
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;!?()[]{}-_=+*/#%@^~|")
    return "".join(c if c in plain else f"&#{ord(c)};" for c in text)


def xml(**fields: str) -> str:
    components = (
        f'<componentData id="{name}"><data id="text" value="{numeric(value)}"/></componentData>'
        for name, value in fields.items()
    )
    return f"<templateData>{''.join(components)}</templateData>"


def tokenized(quoted: str) -> str:
    """What AMCP's tokenizer makes of what stands between quotation marks: three escapes, any other loses both signs."""
    known, out, signs = {"\\": "\\", '"': '"', "n": "\n"}, "", iter(quoted)
    for sign in signs:
        out += known.get(next(signs, ""), "") if sign == "\\" else sign
    return out


def evaluated_until_2_5(data: str) -> str:
    """The JavaScript that releases up to 2.5.0 run: only the quotation mark is escaped."""
    return 'update("' + data.strip(' "').replace('"', '\\"') + '")'


def evaluated_since(data: str) -> str:
    """The one of their development since August 2026."""
    escaped = data.strip(' "')
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(sign, written)
    return f'update("{escaped}")'


def sent(data: str) -> str:
    """What a client puts between the quotation marks of an AMCP command."""
    return data.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


RELEASES = {"until 2.5.0": evaluated_until_2_5, "since": evaluated_since}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", HOSTILE)
async def test_every_release_of_casparcg_shows_the_exact_words(caspar: Renderer, name: str, release: str) -> None:
    evaluate = RELEASES[release]
    data = xml(playlist=json.dumps(message(HOSTILE[name], now=await now_of(caspar))))
    assert data.isascii()

    await caspar.call(evaluate(tokenized(sent(data))))
    await caspar.call("play()")
    await caspar.shows(HOSTILE[name])


# A bar that is made anew: as after a fault of ours.
MENDED = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
# Where a headline would be at some moment, by where it is in this frame; null while it is not on the screen.
PLACE = """() => new Promise((tell) => requestAnimationFrame((time) => {
  const lefts = [...document.querySelectorAll(".item")].filter((one) => one.textContent.includes("Right"))
    .map((one) => one.getBoundingClientRect().left).filter((left) => left < innerWidth - 100);
  tell(lefts.length ? Math.min(...lefts) + (((performance.timeOrigin + time) % 10 ** 8) / 20) * 4 : null);
}))"""


async def now_of(renderer: Renderer) -> int:
    return int(await renderer.call("Date.now()"))


async def test_in_casparcg_nothing_is_seen_before_play_and_after_stop(caspar: Renderer) -> None:
    await caspar.call(evaluated_until_2_5(xml(f0="First")))
    assert await caspar.seen() == []
    await caspar.call("play()")
    await caspar.shows("First")
    await caspar.call("stop()")
    await eventually(lambda: nothing(caspar), "the bar has left")
    await caspar.call("play()")
    await caspar.shows("First")


@pytest.mark.parametrize("again", ["stop() || new Promise((go) => setTimeout(go, 500)).then(play)", MENDED])
async def test_it_comes_back_where_other_pages_are(chromium: Browser, file: Path, again: str) -> None:
    async with rendering(chromium, file.as_uri(), before=CASPAR) as renderer:
        pages = [renderer.page, await renderer.page.context.new_page()]
        await pages[1].goto(file.as_uri())
        for texts in (["Right"], ["Right", "Later"]):
            told = {**message(*texts, now=await now_of(renderer)), "speed": 4}
            for page in pages:
                await page.evaluate("data => { update(data); play(); }", {"playlist": told})
            await eventually(lambda: pages[1].evaluate(PLACE), "the other page shows it as well")
        await renderer.call(again)
        await eventually(lambda: renderer.call(PLACE), "it has come back")

        async def together() -> bool:
            """Not while it leaves or enters, where either may be on another pass."""
            one, other = [await page.evaluate(PLACE) for page in pages]
            return None not in (one, other) and abs(one - other) < 32  # px: some frames, on a busy machine

        await eventually(together, "both have it at one place")


async def nothing(renderer: Renderer) -> bool:
    return not await renderer.seen()


async def test_the_hosts_own_remove_stays_its_own(caspar: Renderer) -> None:
    assert await caspar.call("(remove(), window.removed)") is True


# --- what may be in an update ---------------------------------------------------------------------------------------


async def shown_by(renderer: Renderer, data: Any) -> None:
    await renderer.page.evaluate("data => update(data)", data)


@pytest.mark.parametrize("data", [
    '{"f0": "One\\nTwo", "f1": "Three"}',
    {"f0": "One\r\nTwo", "f1": "Three", "comment": "not a headline", "epochID": 1},
    xml(f0="One\nTwo", f1="Three"),
    {"f0": {"text": "One"}, "f1": "Two", "f10": "Three"},
])  # fmt: skip
async def test_lines_of_a_host_become_headlines(chromium: Browser, file: Path, data: Any) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, data)
        await renderer.shows("One", "Two", "Three")
        assert "not a headline" not in await renderer.text()


async def test_a_field_that_is_not_said_again_stays(chromium: Browser, file: Path) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": "One", "f1": "Two"})
        await renderer.shows("One", "Two")
        await shown_by(renderer, {"f1": "Other"})
        await renderer.shows("One", "Other")
        await renderer.shows_no("Two")
        await shown_by(renderer, {"f0": ""})
        await renderer.shows_no("One")
        await renderer.shows("Other")


@pytest.mark.parametrize("data", [
    "", "undefined", "null", None, "<templateData", "{", "[1]", "7", "plain words", "<html><body>x</body></html>",
    '{"playlist": {"id": 3}}', '{"playlist": "nothing"}', "<templateData></templateData>", {}, [],
])  # fmt: skip
async def test_what_cannot_be_read_leaves_on_air_what_is_there(chromium: Browser, file: Path, data: Any) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": "Still here"})
        await renderer.shows("Still here")
        await shown_by(renderer, data)
        await renderer.call("new Promise(requestAnimationFrame)")
        await renderer.shows("Still here")


@pytest.mark.parametrize("bad", [{"items": [{"id": "of no words"}], "order": ["of no words"]}, {"takeovers": [None]}])
async def test_a_playlist_of_no_words_leaves_on_air_what_is_there(
    chromium: Browser, file: Path, bad: dict[str, Any]
) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        now = await now_of(renderer)
        await shown_by(renderer, {"playlist": message("Still here", now=now)})
        await renderer.shows("Still here")
        await shown_by(renderer, {"playlist": {**message(now=now + 1000), **bad}})
        await renderer.call("new Promise((go) => setTimeout(go, 1200))")  # a playlist holds from its frame
        await renderer.shows("Still here")


async def test_lines_beside_a_playlist_are_for_other_templates(chromium: Browser, file: Path) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        pushed = message("The service's", now=await now_of(renderer))
        await shown_by(renderer, {"playlist": pushed, "f0": "The same in lines"})
        await renderer.shows("The service's")
        assert "The same in lines" not in await renderer.text()


@pytest.mark.parametrize("empty", ["", "undefined", "null", " \n \t", None])
async def test_an_empty_field_gives_the_bar_back_to_the_service(chromium: Browser, file: Path, empty: Any) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": "The host's own"})
        await renderer.shows("The host's own")
        await shown_by(renderer, {"f0": empty})
        await shown_by(renderer, {"playlist": message("The service's", now=await now_of(renderer))})
        await renderer.shows("The service's")


async def test_two_thousand_characters_run_as_one_headline(chromium: Browser, file: Path) -> None:
    text = " ".join(f"word{number:04}" for number in range(222))
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": text})
        await renderer.shows(text)


async def test_bidi_controls_and_line_separators_do_not_get_on_air(chromium: Browser, file: Path) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": "one\u202etwo\u2066three\u0007four"})
        await renderer.shows("one two three four")


async def test_invoked_a_headline_is_killed_by_its_id_or_its_words_and_stays_so(chromium: Browser, file: Path) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"playlist": message("Right", "Wrong", now=await now_of(renderer))})
        await renderer.shows("Right", "Wrong")
        await renderer.call("kill('headlinewithbbbb')")
        await renderer.shows_no("Wrong")
        await renderer.page.reload()
        await renderer.shows("Right")
        assert "Wrong" not in await renderer.text()

        await shown_by(renderer, {"f0": "Mine\nTypo"})
        await renderer.shows("Mine", "Typo")
        await renderer.call("kill('Typo')")
        await renderer.shows_no("Typo")


async def test_killed_by_its_words_a_headline_of_the_service_goes_and_its_other_words_stay(
    chromium: Browser, file: Path
) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        now = await now_of(renderer)
        await shown_by(renderer, {"playlist": message("Right", "Wrong", now=now)})
        await renderer.shows("Right", "Wrong")
        await renderer.call("kill('Wrong')")
        await renderer.shows_no("Wrong")
        await renderer.shows("Right")

        edited = message("Right", "Better", now=now + 1000)
        edited["items"][1]["version"] = 2
        await shown_by(renderer, {"playlist": edited})
        await renderer.shows("Better")
        leaves = message("Right", now=now + 2000)
        await shown_by(renderer, {"playlist": {**leaves, "leaving": ["headlinewithbbbb"]}})
        await renderer.call("kill('Better')")
        await renderer.shows_no("Better")
        await shown_by(renderer, {"playlist": message("Better", "Last", now=now + 3000)})
        await renderer.shows("Last")
        assert "Better" not in await renderer.text()


async def test_killed_by_its_words_a_take_over_of_the_host_goes(chromium: Browser, file: Path) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": "Below"})
        await renderer.call("breaking('Above', 0)")
        await renderer.shows("Above")
        await renderer.call("kill('Above')")
        await renderer.shows_no("Above")
        await renderer.shows("Below")


@pytest.mark.parametrize("end", ["clearTakeover()", "next()"])
async def test_invoked_a_take_over_stands_until_it_is_ended(chromium: Browser, file: Path, end: str) -> None:
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, {"f0": "Below"})
        await renderer.call("breaking('Above \\u0022all\\u0022', 0)")
        await renderer.shows('Above "all"')
        await renderer.call(end)
        await renderer.shows_no("Above")
        await renderer.shows("Below")


# --- other hosts ----------------------------------------------------------------------------------------------------


async def test_spx_imports_it_and_plays_it(file: Path) -> None:
    """As SPX does it: in jsdom with its scripts, where there is no frame to draw and no network."""
    script = """
        const { JSDOM, VirtualConsole } = require("jsdom");
        const faults = [];
        const virtualConsole = new VirtualConsole();
        virtualConsole.on("jsdomError", (error) => faults.push(String(error)));
        const { window } = new JSDOM(require("fs").readFileSync(process.argv[1], "utf8"),
          { runScripts: "dangerously", virtualConsole });
        window.update('{"f0":"Hello","comment":"x","epochID":"1"}');
        window.update("undefined");
        window.play(); window.next(); window.breaking("Now"); window.clearTakeover(); window.stop();
        console.log(JSON.stringify({ definition: window.SPXGCTemplateDefinition, faults }));
    """
    done = subprocess.run(  # noqa: ASYNC221  a second
        ["node", "-e", script, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    told = json.loads(done.stdout)
    assert told["faults"] == []
    definition = told["definition"]
    assert definition["dataformat"] == "xml"
    assert int(definition["webplayout"]) <= 5
    assert [field.get("field") for field in definition["DataFields"] if field["ftype"] == "textarea"] == ["f0"]


async def test_in_spx_it_waits_for_play(chromium: Browser, file: Path) -> None:
    """In an `<iframe>` at an address with a random number; data as a JSON string, then `play()`."""
    address = file.as_uri() + "?random=1790000000123"
    frame = f"<iframe id=layer5 width=1920 height=1080 src={quoteattr(address)}></iframe>"
    outer = file.with_name("renderer.html")
    outer.write_text(f"<!doctype html><body>{frame}")
    async with rendering(chromium, outer.as_uri()) as renderer:
        inner = next(one for one in renderer.page.frames if "random" in one.url)
        await eventually(lambda: inner.evaluate("typeof update === 'function'"), "the page is there")
        texts = "document.getElementById('bar').innerText"
        assert await inner.evaluate(texts) == ""
        await inner.evaluate("""update('{"f0":"From SPX","epochID":"1"}')""")
        await inner.evaluate("play()")
        await eventually(lambda: has(inner, texts, "From SPX"), "SPX's words are on the screen")


async def has(frame: Any, script: str, text: str) -> bool:
    return text in await frame.evaluate(script)


async def test_the_tools_of_webcg_drive_it(chromium: Browser, file: Path) -> None:
    """webcg-devtools, a bench for templates: its buttons evaluate in the page what CasparCG does from outside."""
    tools = (ROOT / "node_modules/webcg-devtools/dist/webcg-devtools.umd.js").read_text()
    async with rendering(chromium, file.as_uri() + "?wait", bypass_csp=True) as renderer:
        await renderer.call(tools)
        await shown_by(renderer, {"f0": "By its button"})
        before = await renderer.page.locator("#bar").inner_text()
        assert before == ""
        await renderer.page.get_by_role("button", name="Play", exact=True).first.click()
        await renderer.shows("By its button")
        await renderer.page.get_by_role("button", name="Stop", exact=True).first.click()
        await renderer.shows_no("By its button")


@pytest.mark.parametrize("name", HOSTILE)
async def test_its_data_are_read_as_the_framework_of_webcg_reads_them(chromium: Browser, file: Path, name: str) -> None:
    framework = (ROOT / "node_modules/webcg-framework/dist/webcg-framework.umd.js").read_text()
    data = xml(f0=HOSTILE[name])
    async with rendering(chromium, "about:blank") as other:
        await other.call(framework)
        await other.call("webcg.addEventListener('data', (data) => { window.told = data; })")
        await other.page.evaluate("data => update(data)", data)
        told = await eventually(lambda: other.call("window.told"), "the framework has read it")
    assert told["f0"]["text"] == HOSTILE[name]
    async with rendering(chromium, file.as_uri()) as renderer:
        await shown_by(renderer, data)
        await renderer.shows(told["f0"]["text"])
