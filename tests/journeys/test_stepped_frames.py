"""The on-air bar, frame by frame, as pixels: what moves, moves whole pixels, and two pages are the same picture."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.stepped import FIRST, LOOK, SPEED, WORDS, Picture, Shell, items, playlist, shell
from ticker.onair.output import RATES

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def headless() -> AsyncIterator[Shell]:
    async with shell() as headless:
        yield headless


def crawl(picture: Picture) -> np.ndarray[Any, Any]:
    """The pixels of the bar, without its upper edge."""
    top = LOOK.height - LOOK.bottom - LOOK.bar
    return picture.pixels[top + 4 : top + LOOK.bar]


def is_empty(pixels: np.ndarray[Any, Any]) -> bool:
    return bool((pixels == pixels[0, 0]).all())


@pytest.mark.parametrize("rate", ["50", "59.94"])
@pytest.mark.parametrize("lang", ["en", "ar"])
async def test_every_step_moves_exactly_the_whole_number_of_pixels(headless: Shell, lang: str, rate: str) -> None:
    page = await headless.page(RATES[rate], FIRST + 120)
    await page.show(playlist(lang, FIRST, RATES[rate], items(lang, 0, 1, 2, 3)))
    before = await page.step()
    for _ in range(60):
        after = await page.step()
        assert after.told["frame"] == after.frame == before.frame + 1
        was, now = crawl(before), crawl(after)
        assert not is_empty(now)
        if lang == "ar":
            assert (now[:, SPEED:] == was[:, :-SPEED]).all()
        else:
            assert (now[:, :-SPEED] == was[:, SPEED:]).all()
        assert not (now == was).all()
        before = after
    assert before.pixels[0, 0, 3] == 0  # the page itself is transparent
    assert crawl(before)[0, 0, 3] == 0xD9


@pytest.mark.parametrize(
    ("lang", "mode", "rate"), [("en", "crawl", "50"), ("ar", "crawl", "59.94"), ("en", "flip", "50")]
)
async def test_pages_that_started_apart_show_the_same_bits(headless: Shell, lang: str, mode: str, rate: str) -> None:
    """Across a change, a take-over and a kill: one page was there all the time, two more come in between."""
    fps = RATES[rate]
    shown = items(lang, 0, 1)
    flash = {**items(lang, 3, urgency="flash")[0], "from": FIRST + 60, "until": FIRST + 90}
    history = [
        playlist(lang, FIRST, fps, shown, mode=mode),
        playlist(lang, FIRST + 40, fps, items(lang, 2, 0, 1, 3), takeovers=[flash], mode=mode),
        playlist(lang, FIRST + 120, fps, items(lang, 2, 1, 3), speed=6, mode=mode),  # i0 was killed
    ]
    pages = [await headless.page(fps, FIRST - 5)]
    heard = 0
    differ = 0
    for frame in range(FIRST - 5, FIRST + 180):
        for news in history[heard:]:
            if news["frame"] - 15 <= frame:
                heard += 1
                for page in pages:
                    await page.show(news)
        if frame in {FIRST + 50, FIRST + 75, FIRST + 130}:  # after the change, during the take-over, after the kill
            late = await headless.page(fps, frame)
            await late.show({**history[heard - 1], "anchor": await pages[0].run("bar.anchor()")})
            pages.append(late)
        first, *others = [await page.step() for page in pages]
        for other in others:
            assert (other.frame, other.told["frame"]) == (frame, frame)
            assert np.array_equal(first.pixels, other.pixels), frame - FIRST
            assert first.png == other.png
        differ += bool(others)
        assert frame < FIRST or not is_empty(crawl(first)) or frame >= FIRST + 105
    assert differ == 130
    assert len(pages) == 4


@pytest.mark.parametrize("mode", ["crawl", "flip"])
async def test_what_is_killed_is_covered_in_the_next_frame_and_nothing_else_moves(headless: Shell, mode: str) -> None:
    fps = RATES["50"]
    page = await headless.page(fps, FIRST + 159)
    await page.show(playlist("en", FIRST, fps, items("en", 0, 1, 2), mode=mode, flip=500))
    before = await page.step()
    assert before.told["onScreen"][0]["id"] == "i0"
    await page.show(playlist("en", FIRST + 180, fps, items("en", 1, 2), mode=mode, flip=500))
    after = await page.step()
    assert after.told["covered"] == [{"id": "i0", "frame": FIRST + 160}]
    (ran,) = after.told["ran"]
    assert (ran["id"], ran["first"], ran["last"], ran["covered"]) == ("i0", FIRST + 159, FIRST + 159, True)
    was, now = crawl(before), crawl(after)
    if mode == "flip":
        assert is_empty(now)
        assert not is_empty(crawl(await page.to(FIRST + 190)))
        return
    end = await page.run("document.querySelectorAll('.item')[1].getBoundingClientRect().left")
    assert is_empty(now[:, : int(end) - 2])
    assert (now[:, int(end) : -SPEED] == was[:, int(end) + SPEED :]).all()
    assert not is_empty(now[:, int(end) :])


async def test_a_take_over_stands_over_the_bar_and_is_gone_in_the_next_frame_when_killed(headless: Shell) -> None:
    fps = RATES["50"]
    page = await headless.page(fps, FIRST + 100)
    shown = items("en", 0, 1, 2)
    flash = {**items("en", 3, urgency="flash")[0], "from": FIRST + 110, "until": None}
    await page.show(playlist("en", FIRST, fps, shown, takeovers=[flash]))
    still = await page.to(FIRST + 109)
    strap = await page.to(FIRST + 150)
    assert strap.told["onScreen"] == [{"id": "i3", "version": 1, "text": WORDS["en"][3], "takeover": True}]
    assert [*crawl(strap)[2, 1]] == [0xC4, 0x12, 0x2F, 0xFF]
    await page.show(playlist("en", FIRST + 170, fps, shown))
    after = await page.step()
    assert after.told["covered"] == [{"id": "i3", "frame": FIRST + 151}]
    assert np.array_equal(after.pixels, still.pixels)  # the crawl stood still and is where it was
    going = await page.to(FIRST + 171)
    assert (crawl(going)[:, :-SPEED] == crawl(still)[:, SPEED:]).all()


async def test_a_headline_of_two_thousand_characters_is_whole_to_its_end(headless: Shell) -> None:
    """What is wider than any texture is drawn all the same."""
    fps = RATES["50"]
    long = [{**items("en", 0)[0], "text": "endless " * 250 + "END"}]
    page = await headless.page(fps, FIRST)
    await page.show(playlist("en", FIRST, fps, long, speed=40))
    await page.step()
    width = await page.run("document.querySelector('.item').getBoundingClientRect().width")
    assert width > 20_000
    last = FIRST + (int(width) + 320) // 40  # its end is in the middle of the screen
    late = await headless.page(fps, last)
    await late.show(playlist("en", FIRST, fps, long, speed=40))
    picture = await late.step()
    assert picture.told["onScreen"][0]["id"] == "i0"
    assert not is_empty(crawl(picture)[:, 200:320])
    assert is_empty(crawl(picture)[:, 420:])
