"""The bar by itself: what it takes, what it says, and which browsers can read it."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.servers import ROOT
from tests.stepped import FIRST, LOOK, WEB, WORDS, Shell, items, playlist, shell
from ticker.onair.output import RATES

asyncio_of_module = pytest.mark.asyncio(loop_scope="module")

# What goes into the page: a television's browser may be years old.
PARTS = sorted(path for path in WEB.glob("*.js") if not path.name.startswith("operator"))
TOO_NEW = (
    "inset:",
    "inset-",
    "gap:",
    "color-mix",
    ":is(",
    ":where(",
    ":has(",
    "margin-inline:",
    "padding-inline:",
    "-block",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def headless() -> AsyncIterator[Shell]:
    async with shell() as headless:
        yield headless


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.name)
def test_the_page_is_written_in_the_language_of_2019(path: Path) -> None:
    assert refused(path.read_text()) == ""


def test_the_check_of_the_language_can_fail() -> None:
    assert "Unexpected token" in refused("export const name = a?.b;")


def refused(source: str) -> str:
    acorn = ROOT / "node_modules" / ".bin" / "acorn"
    command = [acorn, "--ecma2019", "--module", "--silent", "-"]
    parsed = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return parsed.stderr if parsed.returncode else ""


def test_the_style_is_one_that_old_browsers_know() -> None:
    style = (WEB / "bar.css").read_text()
    assert [new for new in TOO_NEW if new in style] == []


@asyncio_of_module
async def test_text_is_text(headless: Shell) -> None:
    page = await headless.page(RATES["50"], FIRST + 40)
    bad = "<img src=x onerror=alert(1)> &amp; </script>\"'\\"
    await page.show(playlist("en", FIRST, RATES["50"], [{**items("en", 0)[0], "text": bad, "kicker": "<b>"}]))
    await page.step()
    assert await page.run("document.querySelector('.words').textContent") == bad
    assert await page.run("document.querySelectorAll('img, b, script').length") == 0


@asyncio_of_module
async def test_the_clock_is_of_the_frame_and_not_of_the_page(headless: Shell) -> None:
    noon = 88_000_000_000 // 50 // 86_400 * 86_400 * 50 + 12 * 3600 * 50
    look = {**LOOK.model_dump(exclude={"font", "logo"}), "clock": True, "timezone": "Europe/Madrid"}
    page = await headless.page(RATES["50"], noon - 2)
    await page.show(playlist("en", noon - 100, RATES["50"], items("en", 0, 1), look=look))
    clock = "document.querySelector('.clock').textContent"
    await page.step()
    before = await page.run(clock)
    await page.to(noon)
    after = await page.run(clock)
    assert (before[-2:], after[-2:]) == ("59", "00")
    assert after[:2] in {"13", "14"}


@asyncio_of_module
async def test_a_frame_reads_no_layout(headless: Shell) -> None:
    """Measures are taken when a playlist comes; a frame that asks for one makes every frame late."""
    page = await headless.page(RATES["50"], FIRST)
    await page.show(playlist("en", FIRST, RATES["50"], items("en", 0, 1, 2, 3)))
    await page.run("""
        window.reads = 0;
        for (const [kind, names] of [
          [Element.prototype, ["clientWidth", "scrollWidth", "clientHeight"]],
          [HTMLElement.prototype, ["offsetWidth", "offsetLeft"]],
        ])
          for (const name of names) {
            const { get } = Object.getOwnPropertyDescriptor(kind, name);
            Object.defineProperty(kind, name, { get() { window.reads += 1; return get.call(this); } });
          }
        const { getBoundingClientRect: box } = Element.prototype;
        Element.prototype.getBoundingClientRect = function () { window.reads += 1; return box.call(this); };
    """)
    await page.to(FIRST + 300)
    assert await page.run("reads") == 0
    await page.show(playlist("en", FIRST + 310, RATES["50"], items("en", 0, 1, 2, 3, version=2)))
    await page.run("bar.show({...bar.playlist, id: 'new', items: [{...bar.playlist.items[0], text: 'Other'}]})")
    assert await page.run("reads") > 0  # the counter counts


@asyncio_of_module
async def test_shown_smaller_everything_has_its_place_all_the_same(headless: Shell) -> None:
    """As an operator's page shows it: the places are those of the output's own frame."""
    places = "[...document.querySelectorAll('.item')].map((item) => item.style.transform || item.style.left)"
    found = []
    for scale in (1, 0.2123, 1.7):
        page = await headless.page(RATES["50"], FIRST)
        await page.run(f"document.body.style.transform = 'scale({scale})'")
        await page.show(playlist("en", FIRST, RATES["50"], items("en", 0, 1, 2, 3)))
        await page.to(FIRST + 200)
        found.append(await page.run(places))
    assert len(found[0]) > 1
    assert found[0] == found[1] == found[2]


RECTANGLE = "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='30'><rect width='90' height='30'/></svg>"
LOGO = "data:image/svg+xml," + quote(RECTANGLE)


@asyncio_of_module
async def test_a_logo_has_its_place_before_anything_is_measured(headless: Shell) -> None:
    page = await headless.page(RATES["50"], FIRST + 40, logo=LOGO)
    await page.show(playlist("en", FIRST, RATES["50"], items("en", 0)))
    await page.run("bar.ready")
    assert (await page.step()).told["state"] == "on"
    shape = await page.run("(({ width, height }) => [width, height])(document.querySelector('.logo'))")
    assert shape == [(LOOK.bar - 28) * 3, LOOK.bar - 28]
    left = await page.run("document.querySelector('.window').getBoundingClientRect().left")
    item = await page.run("document.querySelector('.item').getBoundingClientRect().left")
    room = await page.run("document.querySelector('.window').clientWidth")
    assert item == left + room - 4 * 41


@asyncio_of_module
async def test_a_logo_that_cannot_be_loaded_is_left_out(headless: Shell) -> None:
    page = await headless.page(RATES["50"], FIRST + 40, logo="data:image/png;base64,AAAA")
    await page.show(playlist("en", FIRST, RATES["50"], items("en", 0)))
    await page.run("bar.ready")
    assert (await page.step()).told["state"] == "on"
    assert await page.run("document.querySelectorAll('img').length") == 0


@asyncio_of_module
async def test_another_look_holds_from_its_frame_and_a_kill_at_once(headless: Shell) -> None:
    page = await headless.page(RATES["50"], FIRST + 40)
    await page.show(playlist("en", FIRST, RATES["50"], items("en", 0, 1)))
    await page.step()
    await page.show(playlist("en", FIRST + 60, RATES["50"], items("en", 1), mode="flip"))
    kind = "document.querySelector('.onair').className"
    next_one = await page.step()
    assert next_one.told["covered"] == [{"id": "i0", "frame": FIRST + 41}]
    await page.to(FIRST + 59)
    assert await page.run(kind) == "onair crawl"
    at_last = await page.to(FIRST + 60)
    assert await page.run(kind) == "onair flip"
    assert [one["id"] for one in at_last.told["onScreen"]] == ["i1"]


@asyncio_of_module
@pytest.mark.parametrize("mode", ["crawl", "flip"])
async def test_what_is_edited_just_before_it_enters_comes_in_its_new_words(headless: Shell, mode: str) -> None:
    page = await headless.page(RATES["50"], FIRST)
    await page.show(playlist("en", FIRST, RATES["50"], items("en", 0, 1), mode=mode))
    words = "[...document.querySelectorAll('.item .words')].map((one) => one.textContent)"
    picture = await page.step()
    while WORDS["en"][1] not in await page.run(words):  # it stands ready
        picture = await page.step()
    assert [one["id"] for one in picture.told["onScreen"]] == ["i0"]
    edited = items("en", 1, version=2, text="Other words, and more")
    await page.show(playlist("en", page.frame + 2, RATES["50"], [*items("en", 0), *edited], mode=mode))
    while "i1" not in {one["id"] for one in picture.told["onScreen"]}:
        picture = await page.step()
    assert edited[0]["text"] in {one["text"] for one in picture.told["onScreen"]}
    assert edited[0]["text"] in await page.run(words)
    assert WORDS["en"][1] not in await page.run(words)


@asyncio_of_module
async def test_a_long_kicker_takes_no_last_word_from_a_take_over(headless: Shell) -> None:
    page = await headless.page(RATES["50"], FIRST)
    stands = {"from": FIRST, "until": FIRST + 300, "kicker": "From our correspondent", "text": "words " * 12 + "END"}
    await page.show(playlist("en", FIRST, RATES["50"], items("en", 0), takeovers=[{**items("en", 3)[0], **stands}]))
    await page.to(FIRST + 280)
    right = "document.querySelector('.%s').getBoundingClientRect().right"
    assert abs(await page.run(right % "news") - await page.run(right % "reading")) <= 1


# Whether the first and the last letter are within what holds them.
ENDS = """(() => {
  const text = document.querySelector(".NAME .words").firstChild;
  const clip = text.parentElement.closest(".window, .reading").getBoundingClientRect();
  const range = document.createRange();
  return [0, text.length - 1].map((at) => {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const { left, right } = range.getBoundingClientRect();
    return left >= clip.left - 1 && right <= clip.right + 1;
  });
})()"""


@asyncio_of_module
@pytest.mark.parametrize("name", ["item", "news"])
@pytest.mark.parametrize(("bar", "words"), [("en", "ar"), ("ar", "en"), ("en", "en"), ("ar", "ar")])
async def test_long_words_that_stand_are_read_from_their_first_letter_to_their_last(
    headless: Shell, bar: str, words: str, name: str
) -> None:
    page = await headless.page(RATES["50"], FIRST)
    long = {**items(words, 0)[0], "text": " ".join(WORDS[words][:2] * 3)}
    stands = [{**long, "from": FIRST, "until": None}] if name == "news" else []
    await page.show(playlist(bar, FIRST, RATES["50"], [long], mode="flip", takeovers=stands))
    await page.to(FIRST + 40)
    assert await page.run(ENDS.replace("NAME", name)) == [True, False]
    width, room = await page.run(f"""(() => {{
      const words = document.querySelector(".{name}");
      return [words, words.closest(".window, .reading")].map((one) => one.getBoundingClientRect().width);
    }})()""")
    await page.to(FIRST + 75 + int(width - room) // 4)
    assert await page.run(ENDS.replace("NAME", name)) == [False, True]


@asyncio_of_module
@pytest.mark.parametrize(("bar", "kicker"), [("en", "NEWS"), ("en", "عاجل"), ("ar", "NEWS"), ("ar", "عاجل")])
async def test_between_a_kicker_and_the_words_there_is_room_whichever_way_it_is_read(
    headless: Shell, bar: str, kicker: str
) -> None:
    page = await headless.page(RATES["50"], FIRST)
    item = {**items(bar, 0)[0], "kicker": kicker}
    stands = {**item, "from": FIRST, "until": None}
    await page.show(playlist(bar, FIRST, RATES["50"], [item], mode="flip", takeovers=[stands]))
    await page.to(FIRST + 40)
    for kicker_of, words in ((".kicker", ".item .words"), (".flag", ".news .words")):
        one, other = [await page.run(f"document.querySelector('{name}').getBoundingClientRect().toJSON()")
                      for name in (kicker_of, words)]  # fmt: skip
        between = other["left"] - one["right"] if bar == "en" else one["left"] - other["right"]
        assert between > 8, kicker_of


@asyncio_of_module
async def test_a_rehearsal_says_so_and_a_preview_has_its_guide(headless: Shell) -> None:
    for kind, word in (("training", "Rehearsal"), ("preview", "Preview"), ("program", None)):
        page = await headless.page(RATES["50"], FIRST + 40, guides=kind == "preview")
        await page.show(playlist("en", FIRST, RATES["50"], items("en", 0), kind=kind))
        await page.step()
        said = await page.run("[...document.querySelectorAll('.kind')].map((one) => one.textContent)")
        assert said == ([word] if word else [])
        assert await page.run("document.querySelectorAll('.guide').length") == (kind == "preview")
